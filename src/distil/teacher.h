// A dense teacher with the source that it was trained on: what every later stage reads.
#pragma once

#include <memory>
#include <string>

#include "config/derived.h"
#include "distil/recall.h"
#include "model/instance.h"
#include "run/folder.h"
#include "train/data.h"

namespace ate {

struct Teacher {
  std::string name;  // "random", "recall" or the config's own source
  Config config;     // with the attention that is to replace dense
  TrialId id;
  at::Device device{at::kCPU};
  std::shared_ptr<RunFolder> run;
  double save_seconds = 30;
  TrialData data;
  std::unique_ptr<Instance> model;

  // Tokens of windows [n, T + 1], their targets cut off, on the device.
  at::Tensor tokens_of(const at::Tensor& windows) const;
  // Batch i of windows of the training part that no epoch of the teacher drew: [B, T + 1].
  at::Tensor fresh_windows(int64_t i) const { return data.training_batch(epochs_in_all(config), i); }
};

// Trains the teacher in its run folder, or finds it trained. Throws Interrupted; Failure when it diverges.
Teacher train_teacher(const std::string& name, const Config& config, at::Device device,
                      std::shared_ptr<RunFolder> run, double save_seconds);

}  // namespace ate
