#include "data/windows.h"

#include "config/derived.h"

namespace ate {
namespace {

// `count` of these places, uniform with replacement.
WindowStarts sample_windows(RandomKey key, Purpose purpose, uint32_t epoch, uint64_t first_draw,
                            int64_t count, const WindowPlaces& places) {
  WindowStarts starts(static_cast<size_t>(count));
  for (size_t i = 0; i < starts.size(); ++i) {
    const uint64_t draw = first_draw + i;
    const auto block = random_block(key, purpose, 0, epoch, draw / 2);
    const uint64_t which =
        below(word64(block, static_cast<int>(draw % 2)), static_cast<uint64_t>(places.count));
    starts[i] = places.first + static_cast<int64_t>(which) * places.apart;
  }
  return starts;
}

}  // namespace

WindowStarts training_windows(const Config& config, const Corpus& corpus, RandomKey key, int64_t epoch,
                              int64_t step) {
  const int64_t batch = config.windows.batch;
  return sample_windows(key, Purpose::window, static_cast<uint32_t>(epoch),
                        static_cast<uint64_t>(step * batch), batch,
                        window_places(config, 0, corpus.training));
}

WindowStarts evaluation_windows(const Config& config, const Corpus& corpus, RandomKey key, int64_t draw) {
  const int64_t cut = corpus.training + tuning_tokens(config);
  const bool tune = config.evaluation.part == EvaluationPart::tune;
  const WindowPlaces places = window_places(config, tune ? corpus.training : cut, tune ? cut : corpus.size());
  if (config.evaluation.windows == EvaluationWindows::sampled)
    return sample_windows(key, Purpose::evaluation, static_cast<uint32_t>(draw), 0,
                          config.evaluation.batches * config.windows.batch, places);
  WindowStarts starts;
  const bool every = asks(config.source) || config.body.kind == BodyKind::bag;
  for (int64_t i = 0; i < places.count; i += every ? 1 : config.windows.length)
    starts.push_back(places.first + i * places.apart);
  return starts;
}

}  // namespace ate
