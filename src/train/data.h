// What a trial trains and is scored on: source, corpus, and the windows of every step and evaluation.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <span>
#include <vector>

#include "config/trial.h"
#include "data/corpus.h"
#include "data/source.h"
#include "data/windows.h"

namespace ate {

// The windows that start there, each with its target: [count, T + 1] on the host; of a source that asks, each with its
// answers: [count, 2 T].
at::Tensor read_windows(const Corpus& corpus, std::span<const int64_t> starts, int64_t length);

struct TrialData {
  TrialData(const Config& config, const TrialId& id);

  // Batch `index` of an epoch, B windows: [B, T + 1].
  at::Tensor training_batch(int64_t epoch, int64_t index) const;
  // The batches whose mean gradient makes one update, as many as optimiser.accumulate: together the windows of one
  // batch so many times as large.
  std::vector<at::Tensor> step_batches(int64_t epoch, int64_t step) const;
  // The whole validation part once, by windows that do not overlap.
  at::Tensor validation_windows() const;

  Config config;
  RandomKey key;
  std::shared_ptr<const Source> source;
  Corpus corpus;
  int64_t steps;  // of an epoch
};

}  // namespace ate
