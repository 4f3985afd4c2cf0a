// Frequency bands: which tokens count as frequent, common and rare.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "config/config.h"
#include "data/corpus.h"
#include "random/counter.h"

namespace ate {

enum class Band : uint8_t { high = 0, mid = 1, low = 2, none = 3 };
inline constexpr std::array<const char*, 3> kBandNames = {"high", "mid", "low"};

// The tokens of each band, the most frequent first, ties by token id; `none` holds the tokens outside all
// bands.
struct Bands {
  std::array<std::vector<int32_t>, 4> members;
  std::vector<int32_t> ranked;  // all V tokens, the most frequent first
  std::vector<int64_t> counts;  // of each ranked token

  const std::vector<int32_t>& of(Band band) const { return members[static_cast<size_t>(band)]; }
};

// Ranks the tokens by their count and cuts the ranking by the config's rule:
//   rank_count        the first `high` tokens, the last `low`, the rest mid
//   rank_share        the first `high` share of the ranked tokens, the last `low` share (both rounded down)
//   cumulative_share  a token is high if the tokens before it hold less than a share `high` of all
//   occurrences,
//                     mid if less than 1 - `low`, else low
// With unseen = low, tokens that never occur are ranked last and are all in the low band. Otherwise the
// ranking holds the tokens that occur, and the others are in the mid band or in none.
//
// Throws BadInput when a band would be empty, as its table would have no row, unless that does not matter: for
// counting losses by band.
enum class EmptyBands { refused, allowed };
Bands make_bands(const BandsConfig& config, const Corpus& corpus, EmptyBands empty = EmptyBands::refused);

// Bands of the same sizes with the tokens dealt to them at random: a placebo for frequency. Tokens outside all
// bands stay there.
Bands deal_at_random(const Bands& bands, RandomKey key);

}  // namespace ate
