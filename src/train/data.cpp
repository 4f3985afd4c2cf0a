#include "train/data.h"

#include <ATen/ATen.h>

#include "config/derived.h"

namespace ate {

at::Tensor read_windows(const Corpus& corpus, std::span<const int64_t> starts, int64_t length) {
  const bool asks = !corpus.answers.empty();
  const int64_t tokens = length + (asks ? 0 : 1);
  const int64_t columns = tokens + (asks ? length : 0);
  at::Tensor windows = at::empty({static_cast<int64_t>(starts.size()), columns}, at::kLong);
  auto* out = windows.mutable_data_ptr<int64_t>();
  for (const int64_t start : starts) {
    corpus.read(start, {out, static_cast<size_t>(tokens)});
    if (asks) corpus.read_answers(start, {out + tokens, static_cast<size_t>(length)});
    out += columns;
  }
  return windows;
}

TrialData::TrialData(const Config& settings, const TrialId& id)
    : config(arm_config(settings, id.arm)),
      key(trial_key(config, id)),
      source(open_source(config.source)),
      corpus(source->corpus(id.seed)),
      steps(steps_per_epoch(config)) {}

at::Tensor TrialData::training_batch(int64_t epoch, int64_t index) const {
  return read_windows(corpus, training_windows(config, corpus, key, epoch, index), config.windows.length);
}

std::vector<at::Tensor> TrialData::step_batches(int64_t epoch, int64_t step) const {
  const int64_t count = config.optimiser.accumulate;
  std::vector<at::Tensor> batches;
  for (int64_t i = 0; i < count; ++i) batches.push_back(training_batch(epoch, step * count + i));
  return batches;
}

at::Tensor TrialData::validation_windows() const {
  Config whole = config;
  whole.evaluation.windows = EvaluationWindows::whole;
  return read_windows(corpus, evaluation_windows(whole, corpus, key, 0), config.windows.length);
}

}  // namespace ate
