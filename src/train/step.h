// One optimiser step of a trial: by fused kernels or by the reference model, as the config says.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>

#include "config/config.h"
#include "model/arena.h"
#include "model/embedding_plan.h"
#include "model/layout.h"
#include "random/counter.h"

namespace ate {

class FusedStep;
class Profile;
class Model;

class TrainingStep {
 public:
  // Keeps references to all but the config. `noise`: [plan.noise_rows, d], may be undefined when there are none.
  TrainingStep(const Config& config, const EmbeddingPlan& plan, const Layout& layout, Arena& arena,
               const Model& model, at::Tensor noise);
  ~TrainingStep();

  // Mean cross-entropy, in nats, of windows [B, T + 1] on the host with the dropout masks of (key, step); leaves its
  // gradient in the arena.
  double loss_and_gradients(const at::Tensor& windows, RandomKey key, uint32_t step);

  // One update by the gradients there; `step` counts updates from 1.
  void update(double learning_rate, int64_t step);

  // To be called when parameters were changed by anything but update().
  void parameters_changed();

  // Fused steps from now on note in it where their time goes; nullptr: nowhere. The reference notes nothing.
  void set_profile(Profile* profile);

 private:
  OptimiserConfig optimiser_;
  Dtype dtype_;
  Arena& arena_;
  const Model& model_;
  at::Tensor noise_;
  std::unique_ptr<FusedStep> fused_;  // nullptr: the reference
};

}  // namespace ate
