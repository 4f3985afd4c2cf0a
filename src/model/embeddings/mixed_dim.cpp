// Blocks of tokens of equal occurrence. mixed_dim: the more tokens share a block, the narrower their rows (Ginart et al.
// 2021). allocated: widths as listed, such as those that pruning found (study/width_search.h).
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "config/derived.h"
#include "data/bands.h"
#include "model/embedding_plan.h"

namespace ate {
namespace {

constexpr size_t kMixedBlocks = 4;

// The first block is as wide as bespoke's high band; the others by (their tokens / the first's)^-decay.
EmbeddingPlan mixed_dim(const Config& config, const Bands& bands) {
  std::vector<TokenGroup> groups = blocks_of_equal_occurrence(bands, kMixedBlocks);
  const double widest = config.embedding.high * static_cast<double>(config.body.width);
  const auto first = static_cast<double>(groups[0].tokens.size());
  for (TokenGroup& group : groups) {
    const double shrink = std::pow(static_cast<double>(group.tokens.size()) / first, -config.embedding.decay);
    group.width = std::max<int64_t>(1, floor_product(widest, std::min(1.0, shrink)));
  }
  return table_per_group(config, groups, {}, /*project_all=*/false);
}

EmbeddingPlan allocated(const Config& config, const Bands& bands) {
  const std::vector<int64_t>& widths = config.embedding.widths.columns;
  if (widths.empty()) throw cannot_build("allocated", "embedding.widths is empty");
  std::vector<TokenGroup> groups = blocks_of_equal_occurrence(bands, widths.size());
  if (groups.size() < widths.size())
    throw cannot_build("allocated", fmt::format("a token is so frequent that {} blocks have no token: give "
                                                "embedding.widths {} numbers, not {}",
                                                widths.size() - groups.size(), groups.size(), widths.size()));
  for (size_t i = 0; i < groups.size(); ++i) groups[i].width = widths[i];
  return table_per_group(config, groups, {}, /*project_all=*/true);
}

}  // namespace

extern const EmbeddingDescription mixed_dim_embedding;
constinit const EmbeddingDescription mixed_dim_embedding = {
    .name = "mixed_dim",
    .help = "blocks of equal occurrence, width ~ (tokens of the block)^-embedding.decay (Ginart et al. 2021)",
    .reads = {.ranking = true, .high = true},
    .plan = mixed_dim,
};

extern const EmbeddingDescription allocated_embedding;
constinit const EmbeddingDescription allocated_embedding = {
    .name = "allocated",
    .help = "blocks of equal occurrence, of the widths that embedding.widths lists",
    .reads = {.ranking = true, .widths = true},
    .plan = allocated,
};

}  // namespace ate
