// One optimiser step of an instance: by fused kernels or by the reference model, as its config says.
#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <vector>

#include "model/instance.h"
#include "train/optimiser.h"

namespace ate {

class FusedStep;
class Profile;

class TrainingStep {
 public:
  // Keeps a reference. To be made anew when the instance moves to another arena.
  explicit TrainingStep(Instance& instance);
  ~TrainingStep();

  // Mean cross-entropy, in nats, of batches of windows [B, T + 1] on the host, one by one, with the dropout masks of (key,
  // first) and those that follow; leaves the mean of their gradients in the arena.
  double loss_and_gradients(const std::vector<at::Tensor>& batches, RandomKey key, uint32_t first);

  // One update by the gradients there; `step` counts updates from 1.
  void update(double learning_rate, int64_t step);

  // To be called when parameters were changed by anything but update().
  void parameters_changed();

  // Fused steps from now on note in it where their time goes; nullptr: nowhere. The reference notes nothing.
  void set_profile(Profile* profile);

 private:
  // Of one batch, with its gradient in the arena.
  double batch_loss(const at::Tensor& windows, RandomKey key, uint32_t number);

  Instance& instance_;
  std::unique_ptr<FusedStep> fused_;  // nullptr: the reference
};

}  // namespace ate
