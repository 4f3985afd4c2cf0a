// Arms with one table for all tokens: none reads bands.
#include <fmt/format.h>

#include "config/derived.h"
#include "model/embedding_plan.h"

namespace ate {
namespace {

constexpr int64_t kKnownWorseWidth = 8;

EmbeddingPlan standard(const Config& config, const Bands&) { return one_table(config, config.body.width); }

EmbeddingPlan tied(const Config& config, const Bands& bands) {
  EmbeddingPlan plan = standard(config, bands);
  plan.tied = true;
  return plan;
}

EmbeddingPlan known_worse(const Config& config, const Bands&) {
  if (config.body.width <= kKnownWorseWidth)
    throw cannot_build("known_worse",
                       fmt::format("the width {} is not above {}", config.body.width, kKnownWorseWidth));
  return one_table(config, kKnownWorseWidth);
}

}  // namespace

extern const EmbeddingDescription standard_embedding;
constinit const EmbeddingDescription standard_embedding = {
    .name = "standard",
    .help = "one table, V x d",
    .plan = standard,
};

extern const EmbeddingDescription tied_embedding;
constinit const EmbeddingDescription tied_embedding = {
    .name = "tied",
    .help = "standard, and the table is the weight of the head too (Press & Wolf 2017)",
    .plan = tied,
};

extern const EmbeddingDescription uniform_projected_embedding;
constinit const EmbeddingDescription uniform_projected_embedding = {
    .name = "uniform_projected",
    .help = "one table as wide as bespoke's high band, projected",
    .reads = {.high = true},
    .plan = [](const Config& config,
               const Bands&) { return one_table(config, band_width(config.embedding.high, config.body)); },
};

extern const EmbeddingDescription factorised_embedding;
constinit const EmbeddingDescription factorised_embedding = {
    .name = "factorised",
    .help = "V x r and r x d, r = embedding.rank * d (Lan et al. 2020, ALBERT)",
    .reads = {.rank = true},
    .plan = [](const Config& config,
               const Bands&) { return one_table(config, band_width(config.embedding.rank, config.body)); },
};

extern const EmbeddingDescription aa_embedding;
constinit const EmbeddingDescription aa_embedding = {
    .name = "aa",
    .help = "control: standard from another start, must come out as no different",
    .own_start = true,
    .plan = standard,
};

extern const EmbeddingDescription known_worse_embedding;
constinit const EmbeddingDescription known_worse_embedding = {
    .name = "known_worse",
    .help = "control: one table of width 8, projected, must come out as worse where context matters",
    .plan = known_worse,
};

}  // namespace ate
