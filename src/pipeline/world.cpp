#include "pipeline/world.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <atomic>

#include "data/windows.h"
#include "pipeline/pipeline.h"
#include "study/trial_runner.h"
#include "support/error.h"
#include "train/safetensors.h"

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
  out.evaluation.every = std::max<int64_t>(1, out.schedule.epochs / 4);
  return out;
}

at::Tensor World::validation_windows() const {
  Config whole = config;
  whole.evaluation.windows = EvaluationWindows::whole;
  return read_windows(corpus, evaluation_windows(whole, corpus, key(), 0), config.windows.length);
}

at::Tensor World::fresh_windows(int64_t i) const {
  return read_windows(corpus, training_windows(config, corpus, key(), config.schedule.epochs, i),
                      config.windows.length);
}

World make_world(const std::string& name, const Config& config, at::Device device,
                 std::shared_ptr<RunFolder> run, double save_seconds) {
  World world;
  world.name = name;
  world.config = config;
  world.id = {config.study.arms.front(), config.study.seeds.front()};
  world.device = device;
  world.run = std::move(run);
  world.source = open_source(config.source);
  world.corpus = world.source->corpus(world.id.seed);
  Config dense = config;
  dense.attention = {};
  const std::atomic<bool> cancelled = false;
  const TrialUnit unit = {{world.id}};
  const TrialRecord record =
      TrialRunner(dense, unit, device, *world.run, save_seconds, cancelled).run().front();
  if (record.progress.status == TrialStatus::running) throw StageStopped();
  if (record.progress.status == TrialStatus::diverged)
    throw Failure("teacher " + world.id.text(), record.progress.reason);
  world.teacher_seconds = record.seconds;
  world.teacher = std::make_unique<ModelBox>(dense, world.id, world.corpus, device);
  load_parameters(world.teacher->layout, world.teacher->arena,
                  SafetensorsFile(world.run->checkpoint(world.id.text())));
  return world;
}

}  // namespace ate
