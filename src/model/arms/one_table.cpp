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

extern const ArmDescription standard_arm;
constinit const ArmDescription standard_arm = {
    .name = "standard",
    .help = "one table, V x d",
    .plan = standard,
};

extern const ArmDescription tied_arm;
constinit const ArmDescription tied_arm = {
    .name = "tied",
    .help = "standard, and the table is the weight of the head too (Press & Wolf 2017)",
    .plan = tied,
};

extern const ArmDescription uniform_projected_arm;
constinit const ArmDescription uniform_projected_arm = {
    .name = "uniform_projected",
    .help = "one table as wide as bespoke's high band, projected",
    .reads = {.high = true},
    .plan = [](const Config& config,
               const Bands&) { return one_table(config, band_width(config.embedding.high, config.body)); },
};

extern const ArmDescription factorised_arm;
constinit const ArmDescription factorised_arm = {
    .name = "factorised",
    .help = "V x r and r x d, r = embedding.rank * d (Lan et al. 2020, ALBERT)",
    .reads = {.rank = true},
    .plan = [](const Config& config,
               const Bands&) { return one_table(config, band_width(config.embedding.rank, config.body)); },
};

extern const ArmDescription aa_arm;
constinit const ArmDescription aa_arm = {
    .name = "aa",
    .help = "control: standard from another start, must come out as no different",
    .own_start = true,
    .plan = standard,
};

extern const ArmDescription known_worse_arm;
constinit const ArmDescription known_worse_arm = {
    .name = "known_worse",
    .help = "control: one table of width 8, projected, must come out as worse where context matters",
    .plan = known_worse,
};

}  // namespace ate
