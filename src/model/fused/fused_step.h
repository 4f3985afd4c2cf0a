// The training step on the CPU with fused kernels: the same model, masks and update as the reference in
// src/model/model.h and src/train/optimiser.h, to rounding. No LibTorch; what attends to heads in its stead may have some.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "config/config.h"
#include "kernels/profile.h"
#include "model/embedding_plan.h"
#include "model/fused/head_attention.h"
#include "model/layout.h"
#include "random/counter.h"

namespace ate {

// The flat arrays of an Arena on the host, [layout.size] each, aligned as LibTorch does. The moments are of optimisers
// whose update is fused, nullptr with others.
struct HostArrays {
  float* parameters;
  float* gradients;
  float* first_moment;
  float* second_moment;
};

class FusedStep {
 public:
  virtual ~FusedStep() = default;

  // Mean cross-entropy, in nats, of windows [B, T + 1] with the dropout masks of (key, step); leaves its gradient in
  // the arena.
  virtual double loss_and_gradients(const int64_t* windows, RandomKey key, uint32_t step) = 0;

  // One update by the gradients there, of an optimiser that is `fused`; counts from 1. The clip is applied without
  // changing the gradients.
  virtual void update(const OptimiserConfig& config, double learning_rate, int64_t step) = 0;

  // To be called when parameters were changed by anything but update().
  virtual void parameters_changed() = 0;

  // Steps from now on note in it where their time goes; nullptr: nowhere.
  virtual void set_profile(Profile* profile) = 0;
};

// For a config that the fused kernels can run (config/kernels.h), of its dtype; throws Failure for another.
// `noise`: [plan.noise_rows, d], read during every step; nullptr when there are none. `attention`: of the layers whose heads
// the fused kernels leave to another. `instructions`: name of a kernel set that this processor has; "" takes the best.
std::unique_ptr<FusedStep> make_fused_step(const Config& config, const EmbeddingPlan& plan,
                                           const Layout& layout, const HostArrays& arrays, const float* noise,
                                           std::unique_ptr<HeadAttention> attention,
                                           const std::string& instructions = "");

}  // namespace ate
