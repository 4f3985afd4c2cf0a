#include "distil/recall.h"

#include <algorithm>

namespace ate {

Config recall_config(const Config& config) {
  Config out = config;
  SourceConfig& source = out.source;
  source = SourceConfig();
  source.kind = SourceKind::recall;
  source.vocabulary = config.source.vocabulary;
  source.exponent = 1.0;
  source.tokens = config.train.recall_tokens;
  source.train_share = 0.9;
  source.keys = 4;
  source.values = 16;
  source.distance = std::max<int64_t>(5 * source.keys + 1, 3 * config.windows.length / 8);
  out.schedule.epochs = config.train.recall_epochs;
  out.schedule.decay = Decay::cosine;
  // The shape of the rate is its own, not that of the other teacher's run.
  const ScheduleConfig plain;
  out.schedule.unit = plain.unit;
  out.schedule.warmup_steps = plain.warmup_steps;
  out.schedule.minimum_share = plain.minimum_share;
  out.schedule.decay_share = plain.decay_share;
  out.evaluation.every = std::max<int64_t>(1, out.schedule.epochs / 4);
  out.evaluation.every_steps = 0;
  return out;
}

}  // namespace ate
