#include "data/windows.h"

#include "config/derived.h"

namespace ate {
namespace {

// `count` starts, uniform with replacement, of windows that lie with their targets inside [begin, end).
WindowStarts sample_windows(RandomKey key, Purpose purpose, uint32_t epoch, uint64_t first_draw,
                            int64_t count, int64_t begin, int64_t end, int64_t length) {
  WindowStarts starts(static_cast<size_t>(count));
  const auto room = static_cast<uint64_t>(end - begin - length);
  for (size_t i = 0; i < starts.size(); ++i) {
    const uint64_t draw = first_draw + i;
    const auto block = random_block(key, purpose, 0, epoch, draw / 2);
    starts[i] = begin + static_cast<int64_t>(below(word64(block, static_cast<int>(draw % 2)), room));
  }
  return starts;
}

}  // namespace

WindowStarts training_windows(const Config& config, const Corpus& corpus, RandomKey key, int64_t epoch,
                              int64_t step) {
  const int64_t batch = config.windows.batch;
  return sample_windows(key, Purpose::window, static_cast<uint32_t>(epoch),
                        static_cast<uint64_t>(step * batch), batch, 0, corpus.training,
                        config.windows.length);
}

WindowStarts evaluation_windows(const Config& config, const Corpus& corpus, RandomKey key, int64_t draw) {
  const int64_t length = config.windows.length;
  const int64_t cut = corpus.training + tuning_tokens(config);
  const bool tune = config.evaluation.part == EvaluationPart::tune;
  const int64_t begin = tune ? corpus.training : cut;
  const int64_t end = tune ? cut : corpus.size();
  if (config.evaluation.windows == EvaluationWindows::sampled)
    return sample_windows(key, Purpose::evaluation, static_cast<uint32_t>(draw), 0,
                          config.evaluation.batches * config.windows.batch, begin, end, length);
  WindowStarts starts;
  const int64_t stride = config.body.kind == BodyKind::bag ? 1 : length;
  for (int64_t start = begin; start + length < end; start += stride) starts.push_back(start);
  return starts;
}

}  // namespace ate
