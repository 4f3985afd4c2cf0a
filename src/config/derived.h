// Quantities that follow from a config and that several folders need.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "config/config.h"

namespace ate {

// x rounded down, where x is a product such as 200000 * 0.85 whose binary value may fall just short of a
// whole number.
inline int64_t floor_product(double a, double b) { return static_cast<int64_t>(std::floor(a * b + 1e-9)); }

// Tokens in the leading, training part of the corpus.
inline int64_t training_tokens(const SourceConfig& source) {
  return floor_product(static_cast<double>(source.tokens), source.train_share);
}

// Optimiser steps in an epoch: batches_per_epoch, but never more than (n_train - T - 1) / T.
inline int64_t steps_per_epoch(const Config& config) {
  const int64_t room = (training_tokens(config.source) - config.windows.length - 1) / config.windows.length;
  return std::min(config.windows.batches_per_epoch, room);
}

// Optimiser steps of a whole training, and the epochs in which they lie, the last one perhaps cut short.
inline int64_t steps_in_all(const Config& config) {
  return config.schedule.steps > 0 ? config.schedule.steps : config.schedule.epochs * steps_per_epoch(config);
}
inline int64_t epochs_in_all(const Config& config) {
  const int64_t steps = steps_per_epoch(config);
  return config.schedule.steps > 0 ? (config.schedule.steps + steps - 1) / steps : config.schedule.epochs;
}

// Tokens that a step reads: of all the batches whose mean gradient makes its update.
inline int64_t tokens_per_step(const Config& config) {
  return config.optimiser.accumulate * config.windows.batch * config.windows.length;
}

// Tokens of the validation part that are for tuning; the rest is for the test.
inline int64_t tuning_tokens(const Config& config) {
  return floor_product(static_cast<double>(config.source.tokens - training_tokens(config.source)),
                       config.evaluation.tune_share);
}

// Width of a band's rows: factor * d, rounded down.
inline int64_t band_width(double factor, const BodyConfig& body) {
  return floor_product(factor, static_cast<double>(body.width));
}

inline int64_t head_width(const BodyConfig& body) { return body.width / body.heads; }

// Heads of keys and values; each is read by heads / this many heads of queries.
inline int64_t key_value_heads(const BodyConfig& body) {
  return body.kv_heads > 0 ? body.kv_heads : body.heads;
}

// Rows of the stacked in-projection: queries, keys, values, each head after head.
inline int64_t in_projection_rows(const BodyConfig& body) {
  return (body.heads + 2 * key_value_heads(body)) * head_width(body);
}

// Hidden width of the feed-forward block; 0 where layers have none.
inline int64_t hidden_width(const BodyConfig& body) {
  return body.feedforward_width > 0 ? body.feedforward_width : body.feedforward * body.width;
}

inline bool may_stop_early(const ScheduleConfig& schedule) {
  return schedule.early_stop_evaluations > 0 || schedule.early_stop_accuracy > 0;
}

// Predictions that the model makes per window: one for the bag, one per token for the encoder.
inline int64_t targets_per_window(const Config& config) {
  return config.body.kind == BodyKind::bag ? 1 : config.windows.length;
}

// Whether only answers that examples ask for are scored, not every token.
inline bool asks(const SourceConfig& source) { return source.kind->asked != nullptr; }

// Tokens of an example of a source that asks.
inline int64_t example_length(const SourceConfig& source) { return source.own.whole("example"); }

// Targets of a window, on average.
inline double scored_per_window(const Config& config) {
  return asks(config.source) ? config.source.kind->asked(config.source)
                             : static_cast<double>(targets_per_window(config));
}

// Where a window may start whose targets lie in [begin, end) too: `count` places, `apart` from each other. Examples lie
// side by side from the corpus's first token on; one that begin or end divides is left out.
struct WindowPlaces {
  int64_t first, count, apart;
};
inline WindowPlaces window_places(const Config& config, int64_t begin, int64_t end) {
  const int64_t length = config.windows.length;
  if (!asks(config.source)) return {begin, end - begin - length, 1};
  const int64_t example = (begin + length - 1) / length;
  return {example * length, end / length - example, length};
}

// Windows that are scored at a time in an evaluation; does not change the result's meaning.
inline constexpr int64_t kEvaluationBatch = 64;

// Heads of layer `layer` whose attention is of the config's kind; the others are dense.
inline int64_t sparse_heads(const Config& config, int64_t layer) {
  const AttentionConfig& a = config.attention;
  if (a.kind == AttentionKind::dense || config.body.kind == BodyKind::bag) return 0;
  if (a.layers > 0 && layer >= a.layers) return 0;
  return a.heads > 0 ? a.heads : config.body.heads;
}

}  // namespace ate
