// One source with the dense teacher trained on it: what every later stage reads.
#pragma once

#include <memory>
#include <string>

#include "pipeline/model_box.h"
#include "run/folder.h"

namespace ate {

struct World {
  std::string name;  // "random", "recall" or the config's own source
  Config config;     // with the attention that is to replace dense
  TrialId id;
  at::Device device{at::kCPU};
  std::shared_ptr<RunFolder> run;
  std::shared_ptr<const Source> source;
  Corpus corpus;
  std::unique_ptr<ModelBox> teacher;
  double teacher_seconds = 0;

  RandomKey key() const { return {static_cast<uint32_t>(id.seed), 0}; }
  // The whole validation part by windows that do not overlap: [n, T + 1] on the host.
  at::Tensor validation_windows() const;
  // Batch i of windows of the training part that no epoch of the teacher drew: [B, T + 1].
  at::Tensor fresh_windows(int64_t i) const;
};

// The config of the second world: a recall source, train.recall_epochs long.
Config recall_config(const Config& config);

// Makes the world's run folder and trains its teacher, or finds it trained. Throws StageStopped.
World make_world(const std::string& name, const Config& config, at::Device device,
                 std::shared_ptr<RunFolder> run, double save_seconds);

}  // namespace ate
