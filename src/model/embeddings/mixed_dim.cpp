// mixed_dim: the more tokens share a block, the narrower their rows (Ginart et al. 2021).
#include <algorithm>
#include <cmath>
#include <numeric>

#include "config/derived.h"
#include "data/bands.h"
#include "model/embedding_plan.h"

namespace ate {
namespace {

constexpr size_t kMixedBlocks = 4;  // of equal occurrence

// The ranked tokens in kMixedBlocks runs, each of about the same number of occurrences. The first is as wide as
// bespoke's high band; the others by (their tokens / the first's)^-decay.
EmbeddingPlan mixed_dim(const Config& config, const Bands& bands) {
  const auto total =
      static_cast<double>(std::accumulate(bands.counts.begin(), bands.counts.end(), int64_t{0}));
  std::vector<TokenGroup> groups(kMixedBlocks);
  double before = 0;
  for (size_t i = 0; i < bands.ranked.size(); ++i) {
    const auto block = static_cast<size_t>(before / total * static_cast<double>(kMixedBlocks));
    groups[std::min(block, kMixedBlocks - 1)].tokens.push_back(bands.ranked[i]);
    before += static_cast<double>(bands.counts[i]);
  }
  // A token so frequent that it fills several shares leaves blocks empty.
  std::erase_if(groups, [](const TokenGroup& group) { return group.tokens.empty(); });
  const double widest = config.embedding.high * static_cast<double>(config.body.width);
  const auto first = static_cast<double>(groups[0].tokens.size());
  for (size_t i = 0; i < groups.size(); ++i) {
    const double shrink =
        std::pow(static_cast<double>(groups[i].tokens.size()) / first, -config.embedding.decay);
    groups[i].name = "block" + std::to_string(i);
    groups[i].width = std::max<int64_t>(1, floor_product(widest, std::min(1.0, shrink)));
  }
  return table_per_group(config, groups, {}, /*project_all=*/false);
}

}  // namespace

extern const EmbeddingDescription mixed_dim_embedding;
constinit const EmbeddingDescription mixed_dim_embedding = {
    .name = "mixed_dim",
    .help = "blocks of equal occurrence, width ~ (tokens of the block)^-embedding.decay (Ginart et al. 2021)",
    .reads = {.ranking = true, .high = true},
    .plan = mixed_dim,
};

}  // namespace ate
