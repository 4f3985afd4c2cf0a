#include "data/bands.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "config/derived.h"
#include "support/error.h"

namespace ate {
namespace {

// How many of the ranked tokens are high, and how many are high or mid.
std::pair<size_t, size_t> cut_ranking(const BandsConfig& config, const std::vector<int64_t>& ranked_counts) {
  const size_t n = ranked_counts.size();
  if (config.rule != BandRule::cumulative_share) {
    const double unit = config.rule == BandRule::rank_share ? static_cast<double>(n) : 1.0;
    // A study without bands may name more tokens than there are.
    const auto tokens = [&](double size, size_t most) {
      return size * unit >= static_cast<double>(most) ? most : static_cast<size_t>(floor_product(size, unit));
    };
    const size_t high = tokens(config.high, n);
    const size_t low = tokens(config.low, n - high);
    return {high, n - low};
  }
  const auto total =
      static_cast<double>(std::accumulate(ranked_counts.begin(), ranked_counts.end(), int64_t{0}));
  size_t high = 0;
  size_t high_or_mid = 0;
  int64_t before = 0;
  for (const int64_t count : ranked_counts) {
    const double share = static_cast<double>(before) / total;
    if (share < config.high) ++high;
    if (share < 1 - config.low) ++high_or_mid;
    before += count;
  }
  return {high, std::max(high, high_or_mid)};
}

}  // namespace

Bands make_bands(const BandsConfig& config, const Corpus& corpus, EmptyBands empty) {
  const bool whole = config.counted_over == CountedOver::corpus;
  const std::vector<int64_t> counts = corpus.counts(whole ? corpus.size() : corpus.training);

  std::vector<int32_t> ranked(counts.size());
  std::iota(ranked.begin(), ranked.end(), 0);
  const auto count_of = [&](int32_t token) { return counts[static_cast<size_t>(token)]; };
  std::stable_sort(ranked.begin(), ranked.end(),
                   [&](int32_t a, int32_t b) { return count_of(a) > count_of(b); });
  const auto first_unseen =
      std::find_if(ranked.begin(), ranked.end(), [&](int32_t t) { return count_of(t) == 0; });
  const auto seen = static_cast<size_t>(first_unseen - ranked.begin());
  Bands bands;
  bands.ranked = ranked;
  bands.counts.resize(ranked.size());
  std::transform(ranked.begin(), ranked.end(), bands.counts.begin(), count_of);
  const std::vector<int32_t> unseen(first_unseen, ranked.end());
  if (config.unseen != Unseen::low) ranked.resize(seen);

  const std::vector<int64_t> ranked_counts(bands.counts.begin(),
                                           bands.counts.begin() + static_cast<std::ptrdiff_t>(ranked.size()));
  auto [high, high_or_mid] = cut_ranking(config, ranked_counts);
  if (config.unseen == Unseen::low) {
    high = std::min(high, seen);
    high_or_mid = std::min(high_or_mid, seen);
  }

  const auto at = [&](size_t i) { return ranked.begin() + static_cast<std::ptrdiff_t>(i); };
  bands.members[0].assign(ranked.begin(), at(high));
  bands.members[1].assign(at(high), at(high_or_mid));
  bands.members[2].assign(at(high_or_mid), ranked.end());
  if (config.unseen == Unseen::mid)
    bands.members[1].insert(bands.members[1].end(), unseen.begin(), unseen.end());
  if (config.unseen == Unseen::noise) bands.members[3] = unseen;

  for (size_t band = 0; band < kBandNames.size(); ++band)
    if (bands.members[band].empty() && empty == EmptyBands::refused)
      throw BadInput(
          std::string("/bands/") + (band == 2 ? "low" : "high"),
          fmt::format("the {} band has no token (high {}, mid {}, low {} of {} tokens, {} of them seen); "
                      "change bands.high or bands.low",
                      kBandNames[band], bands.members[0].size(), bands.members[1].size(),
                      bands.members[2].size(), counts.size(), seen));
  return bands;
}

Bands deal_at_random(const Bands& bands, RandomKey key) {
  std::vector<int32_t> deck;
  for (size_t band = 0; band < kBandNames.size(); ++band)
    deck.insert(deck.end(), bands.members[band].begin(), bands.members[band].end());
  // Fisher-Yates, each swap from a number of its own.
  for (size_t left = deck.size(); left > 1; --left) {
    const uint64_t bits = word64(random_block(key, Purpose::placebo, 0, 0, left), 0);
    std::swap(deck[left - 1], deck[below(bits, left)]);
  }
  Bands dealt = bands;
  auto next = deck.begin();
  for (size_t band = 0; band < kBandNames.size(); ++band) {
    const auto end = next + static_cast<std::ptrdiff_t>(bands.members[band].size());
    dealt.members[band].assign(next, end);
    next = end;
  }
  return dealt;
}

}  // namespace ate
