#include "model/embedding_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "config/config.h"

namespace ate {

BadInput cannot_build(const char* arm, const std::string& why) {
  return {"/study/arms", fmt::format("{} cannot be built for this shape: {}", arm, why)};
}

EmbeddingPlan one_table(const Config& config, int64_t width) {
  EmbeddingBlock block;
  block.name = "embedding";
  block.rows = config.source.vocabulary;
  block.width = width;
  block.projected = width != config.body.width;
  block.bias = block.projected && config.embedding.projection_bias;
  EmbeddingPlan plan;
  plan.blocks.push_back(std::move(block));
  return plan;
}

std::vector<TokenGroup> blocks_of_equal_occurrence(const Bands& bands, size_t most) {
  const auto total =
      static_cast<double>(std::accumulate(bands.counts.begin(), bands.counts.end(), int64_t{0}));
  std::vector<TokenGroup> groups(most);
  double before = 0;
  for (size_t i = 0; i < bands.ranked.size(); ++i) {
    const auto block = static_cast<size_t>(before / total * static_cast<double>(most));
    groups[std::min(block, most - 1)].tokens.push_back(bands.ranked[i]);
    before += static_cast<double>(bands.counts[i]);
  }
  std::erase_if(groups, [](const TokenGroup& group) { return group.tokens.empty(); });
  for (size_t i = 0; i < groups.size(); ++i) groups[i].name = "block" + std::to_string(i);
  return groups;
}

EmbeddingPlan table_per_group(const Config& config, const std::vector<TokenGroup>& groups,
                              const std::vector<int32_t>& outside, bool project_all) {
  const bool dead_rows = config.embedding.tables == Tables::vocabulary;
  EmbeddingPlan plan;
  plan.row_of.resize(static_cast<size_t>(config.source.vocabulary));
  int64_t next_row = 0;
  const auto place = [&](const std::vector<int32_t>& tokens) {
    for (const int32_t token : tokens) plan.row_of[static_cast<size_t>(token)] = next_row++;
  };
  for (const TokenGroup& group : groups) {
    EmbeddingBlock block;
    block.name = "embedding." + group.name;
    block.rows = dead_rows ? config.source.vocabulary : static_cast<int64_t>(group.tokens.size());
    block.width = group.width;
    block.projected = project_all || block.width != config.body.width;
    block.bias = block.projected && config.embedding.projection_bias;
    (dead_rows ? block.live : block.tokens).assign(group.tokens.begin(), group.tokens.end());
    plan.blocks.push_back(std::move(block));
    place(group.tokens);
  }
  place(outside);
  plan.noise_rows = static_cast<int64_t>(outside.size());
  return plan;
}

EmbeddingPlan plan_embedding(const Config& study, const Arm& arm, const Corpus& corpus, int64_t seed) {
  const Config config = arm_config(study, arm);
  const EmbeddingKind kind = config.embedding.kind;
  if (!kind->reads.ranking) return kind->plan(config, Bands{});
  const Bands bands = make_bands(config.bands, corpus);
  return kind->plan(config,
                    kind->dealt_at_random ? deal_at_random(bands, {static_cast<uint32_t>(seed), 0}) : bands);
}

EmbeddingPlan plan_embedding(const Config& study, const Arm& arm, const Bands& bands) {
  const Config config = arm_config(study, arm);
  return config.embedding.kind->plan(config, bands);
}

}  // namespace ate
