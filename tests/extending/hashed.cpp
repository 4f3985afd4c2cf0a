// hashed: half as many rows as tokens; two tokens share a row (the hashing trick, Weinberger et al. 2009).
#include "model/embedding_plan.h"

namespace ate {
namespace {

EmbeddingPlan hashed(const Config& config, const Bands& bands) {
  EmbeddingPlan plan = EmbeddingKind::standard->plan(config, bands);
  EmbeddingBlock& block = plan.blocks[0];
  block.rows = (config.source.vocabulary + 1) / 2;
  for (int64_t token = 0; token < config.source.vocabulary; ++token)
    plan.row_of.push_back(token % block.rows);
  return plan;
}

}  // namespace

extern const EmbeddingDescription hashed_embedding;
constinit const EmbeddingDescription hashed_embedding = {
    .name = "hashed",
    .help = "half as many rows as tokens",
    .plan = hashed,
};

}  // namespace ate
