// Arms with a table per frequency band.
#include <fmt/format.h>

#include <array>

#include "config/derived.h"
#include "data/bands.h"
#include "model/embedding_plan.h"
#include "model/layout.h"

namespace ate {
namespace {

constexpr int64_t kAdaptiveNarrowing = 4;      // from band to band, as in the paper
constexpr double kParameterTolerance = 0.005;  // of param_matched against bespoke

EmbeddingPlan table_per_band(const Config& config, const Bands& bands, std::array<int64_t, 3> widths,
                             bool project_all = false) {
  std::vector<TokenGroup> groups;
  for (size_t band = 0; band < widths.size(); ++band)
    groups.push_back({kBandNames.at(band), bands.members.at(band), widths.at(band)});
  return table_per_group(config, groups, bands.of(Band::none), project_all);
}

EmbeddingPlan bespoke(const Config& config, const Bands& bands) {
  const EmbeddingConfig& e = config.embedding;
  return table_per_band(
      config, bands,
      {band_width(e.high, config.body), band_width(e.mid, config.body), band_width(e.low, config.body)});
}

EmbeddingPlan reversed(const Config& config, const Bands& bands) {
  Config exchanged = config;
  std::swap(exchanged.embedding.high, exchanged.embedding.low);
  return bespoke(exchanged, bands);
}

EmbeddingPlan adaptive(const Config& config, const Bands& bands) {
  const int64_t d = config.body.width;
  const int64_t narrowest = d / kAdaptiveNarrowing / kAdaptiveNarrowing;
  if (narrowest < 1)
    throw cannot_build("adaptive", fmt::format("a sixteenth of the width {} leaves no column", d));
  return table_per_band(config, bands, {d, d / kAdaptiveNarrowing, narrowest}, /*project_all=*/true);
}

// The width w at which V * w + w * d (and the projection's bias) is nearest to the parameters of bespoke's
// embedding; the trunk is the same.
EmbeddingPlan param_matched(const Config& config, const Bands& bands) {
  const EmbeddingPlan target = bespoke(config, bands);
  const auto wanted = static_cast<double>(make_layout(config, target).parameters);
  const auto parameters = [&](int64_t width) {
    return static_cast<double>(make_layout(config, one_table(config, width)).parameters);
  };
  int64_t embedding = 0;
  for (const EmbeddingBlock& block : target.blocks)
    embedding += block.rows * block.width + (block.projected ? block.width * config.body.width : 0) +
                 (block.bias ? config.body.width : 0);
  const int64_t around = embedding / (config.source.vocabulary + config.body.width);
  int64_t best = std::max<int64_t>(1, around);
  for (const int64_t width : {around - 1, around + 1, config.body.width})
    if (width >= 1 && std::abs(parameters(width) - wanted) < std::abs(parameters(best) - wanted))
      best = width;
  if (std::abs(parameters(best) - wanted) > kParameterTolerance * wanted)
    throw cannot_build("param_matched",
                       fmt::format("the nearest width, {}, gives {:.0f} parameters where bespoke has {:.0f}",
                                   best, parameters(best), wanted));
  return one_table(config, best);
}

}  // namespace

extern const EmbeddingDescription bespoke_embedding;
constinit const EmbeddingDescription bespoke_embedding = {
    .name = "bespoke",
    .help = "a table per frequency band, wide for frequent tokens",
    .reads = {.ranking = true, .bands = true, .high = true, .mid_low = true},
    .plan = bespoke,
};

extern const EmbeddingDescription reversed_embedding;
constinit const EmbeddingDescription reversed_embedding = {
    .name = "reversed",
    .help = "bespoke with the widths of the high and the low band exchanged",
    .reads = {.ranking = true, .bands = true, .high = true, .mid_low = true},
    .plan = reversed,
};

extern const EmbeddingDescription random_band_embedding;
constinit const EmbeddingDescription random_band_embedding = {
    .name = "random_band",
    .help = "placebo: bespoke with the tokens dealt to the bands at random",
    .reads = {.ranking = true, .bands = true, .high = true, .mid_low = true},
    .dealt_at_random = true,
    .plan = bespoke,
};

extern const EmbeddingDescription param_matched_embedding;
constinit const EmbeddingDescription param_matched_embedding = {
    .name = "param_matched",
    .help = "one projected table of the width that gives as many parameters as bespoke has",
    .reads = {.ranking = true, .bands = true, .high = true, .mid_low = true},
    .plan = param_matched,
};

extern const EmbeddingDescription adaptive_embedding;
constinit const EmbeddingDescription adaptive_embedding = {
    .name = "adaptive",
    .help = "bands of width d, d/4 and d/16, all projected (Baevski & Auli 2019)",
    .reads = {.ranking = true, .bands = true},
    .plan = adaptive,
};

}  // namespace ate
