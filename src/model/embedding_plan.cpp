#include "model/embedding_plan.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "config/arms.h"
#include "config/derived.h"
#include "config/fields.h"
#include "model/layout.h"
#include "support/error.h"

namespace ate {
namespace {

constexpr int64_t kKnownWorseWidth = 8;
constexpr int64_t kAdaptiveNarrowing = 4;      // from band to band, as in the paper
constexpr size_t kMixedBlocks = 4;             // of equal occurrence
constexpr double kParameterTolerance = 0.005;  // of param_matched against bespoke

struct Group {
  std::string name;
  std::vector<int32_t> tokens;
  int64_t width = 0;
};

BadInput cannot_build(Arm arm, const std::string& why) {
  return {"/study/arms", fmt::format("{} cannot be built for this shape: {}", enum_name(arm), why)};
}

// One table for all tokens, projected where its width is not the model's.
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

// A table per group of tokens; tokens of `outside` have fixed noise rows.
EmbeddingPlan table_per_group(const Config& config, const std::vector<Group>& groups,
                              const std::vector<int32_t>& outside, bool project_all) {
  const bool dead_rows = config.embedding.tables == Tables::vocabulary;
  EmbeddingPlan plan;
  plan.row_of.resize(static_cast<size_t>(config.source.vocabulary));
  int64_t next_row = 0;
  const auto place = [&](const std::vector<int32_t>& tokens) {
    for (const int32_t token : tokens) plan.row_of[static_cast<size_t>(token)] = next_row++;
  };
  for (const Group& group : groups) {
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

EmbeddingPlan table_per_band(const Config& config, const Bands& bands, std::array<int64_t, 3> widths,
                             bool project_all = false) {
  std::vector<Group> groups;
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

EmbeddingPlan adaptive(const Config& config, const Bands& bands) {
  const int64_t d = config.body.width;
  const int64_t narrowest = d / kAdaptiveNarrowing / kAdaptiveNarrowing;
  if (narrowest < 1)
    throw cannot_build(Arm::adaptive, fmt::format("a sixteenth of the width {} leaves no column", d));
  return table_per_band(config, bands, {d, d / kAdaptiveNarrowing, narrowest}, /*project_all=*/true);
}

// The ranked tokens in kMixedBlocks runs, each of about the same number of occurrences. The first is as wide as
// bespoke's high band; the others by (their tokens / the first's)^-decay.
EmbeddingPlan mixed_dim(const Config& config, const Bands& bands) {
  const auto total =
      static_cast<double>(std::accumulate(bands.counts.begin(), bands.counts.end(), int64_t{0}));
  std::vector<Group> groups(kMixedBlocks);
  double before = 0;
  for (size_t i = 0; i < bands.ranked.size(); ++i) {
    const auto block = static_cast<size_t>(before / total * static_cast<double>(kMixedBlocks));
    groups[std::min(block, kMixedBlocks - 1)].tokens.push_back(bands.ranked[i]);
    before += static_cast<double>(bands.counts[i]);
  }
  // A token so frequent that it fills several shares leaves blocks empty.
  std::erase_if(groups, [](const Group& group) { return group.tokens.empty(); });
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
    throw cannot_build(Arm::param_matched,
                       fmt::format("the nearest width, {}, gives {:.0f} parameters where bespoke has {:.0f}",
                                   best, parameters(best), wanted));
  return one_table(config, best);
}

EmbeddingPlan known_worse(const Config& config) {
  if (config.body.width <= kKnownWorseWidth)
    throw cannot_build(Arm::known_worse,
                       fmt::format("the width {} is not above {}", config.body.width, kKnownWorseWidth));
  return one_table(config, kKnownWorseWidth);
}

}  // namespace

EmbeddingPlan plan_embedding(const Config& config, Arm arm, const Bands& bands) {
  switch (arm) {
    case Arm::standard:
    case Arm::aa:
      return one_table(config, config.body.width);
    case Arm::tied: {
      EmbeddingPlan plan = one_table(config, config.body.width);
      plan.tied = true;
      return plan;
    }
    case Arm::bespoke:
    case Arm::random_band:
      return bespoke(config, bands);
    case Arm::reversed: {
      Config exchanged = config;
      std::swap(exchanged.embedding.high, exchanged.embedding.low);
      return bespoke(exchanged, bands);
    }
    case Arm::uniform_projected:
      return one_table(config, band_width(config.embedding.high, config.body));
    case Arm::param_matched:
      return param_matched(config, bands);
    case Arm::factorised:
      return one_table(config, band_width(config.embedding.rank, config.body));
    case Arm::mixed_dim:
      return mixed_dim(config, bands);
    case Arm::adaptive:
      return adaptive(config, bands);
    case Arm::known_worse:
      return known_worse(config);
  }
  return {};
}

EmbeddingPlan plan_embedding(const Config& config, Arm arm, const Corpus& corpus, int64_t seed) {
  const ArmSettings reads = settings_read_by(arm);
  if (!reads.ranking) return plan_embedding(config, arm, Bands{});
  const Bands bands =
      make_bands(config.bands, corpus, reads.bands ? EmptyBands::refused : EmptyBands::allowed);
  return plan_embedding(
      config, arm, arm == Arm::random_band ? deal_at_random(bands, {static_cast<uint32_t>(seed), 0}) : bands);
}

}  // namespace ate
