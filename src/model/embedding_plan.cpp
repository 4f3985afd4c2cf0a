#include "model/embedding_plan.h"

#include "config/derived.h"

namespace ate {
namespace {

EmbeddingPlan plan_standard(const Config& config) {
  EmbeddingPlan plan;
  EmbeddingBlock block;
  block.name = "embedding";
  block.rows = config.source.vocabulary;
  block.width = config.body.width;
  plan.blocks.push_back(std::move(block));
  return plan;
}

EmbeddingPlan plan_bespoke(const Config& config, const Bands& bands) {
  const std::array<double, 3> factors = {config.embedding.high, config.embedding.mid, config.embedding.low};
  const bool dead_rows = config.embedding.tables == Tables::vocabulary;
  EmbeddingPlan plan;
  plan.row_of.resize(static_cast<size_t>(config.source.vocabulary));
  int64_t next_row = 0;
  const auto place = [&](const std::vector<int32_t>& tokens) {
    for (const int32_t token : tokens) plan.row_of[static_cast<size_t>(token)] = next_row++;
  };
  for (size_t band = 0; band < kBandNames.size(); ++band) {
    const std::vector<int32_t>& members = bands.members[band];
    EmbeddingBlock block;
    block.name = std::string("embedding.") + kBandNames[band];
    block.rows = dead_rows ? config.source.vocabulary : static_cast<int64_t>(members.size());
    block.width = band_width(factors.at(band), config.body);
    block.projected = block.width != config.body.width;
    block.bias = block.projected && config.embedding.projection_bias;
    if (dead_rows) block.live.assign(members.begin(), members.end());
    plan.blocks.push_back(std::move(block));
    place(members);
  }
  place(bands.of(Band::none));
  plan.noise_rows = static_cast<int64_t>(bands.of(Band::none).size());
  return plan;
}

}  // namespace

EmbeddingPlan plan_embedding(const Config& config, Arm arm, const Bands& bands) {
  switch (arm) {
    case Arm::standard:
      return plan_standard(config);
    case Arm::bespoke:
      return plan_bespoke(config, bands);
  }
  return {};
}

}  // namespace ate
