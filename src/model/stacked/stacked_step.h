// One training step of all models of a stack, in plain ATen operations with a leading dimension of replicas:
// what Model computes for each alone, to rounding. Replicas never mix, so a NaN stays in its row.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "config/config.h"
#include "model/encoder.h"
#include "model/stacked/masks.h"
#include "model/stacked/stack.h"
#include "model/stacked/stacked_embedding.h"

namespace ate {

class StackedStep {
 public:
  // The config must be one that why_not_stacked lets pass. Keeps views of the stack's arrays, and what the
  // replicas point at need not outlive it.
  StackedStep(const Config& config, const std::vector<Replica>& replicas, Arena& stack);

  // Mean cross-entropy, in nats, of each replica, [R], for windows [R, B, T + 1] with the dropout masks of
  // `step`, a scalar of int64; leaves the gradients in stack.gradients. Nothing waits for the device.
  at::Tensor losses_and_gradients(const at::Tensor& windows, const at::Tensor& step);

 private:
  class Operations;

  at::Tensor losses(const at::Tensor& x, const at::Tensor& windows, const at::Tensor& step) const;

  BodyConfig body_;
  Dtype dtype_;
  int64_t replicas_, batch_, window_;
  at::Tensor gradients_;  // [R, S]
  std::vector<TrunkTensor> trunk_;
  ModelWeights<at::Tensor> weights_;  // of the trunk: [R, its shape]
  StackedEmbedding embedding_;
  StackedMasks masks_;
  at::Tensor causal_mask_;  // [T, T], see encoder.h
  Rotary rotary_;
};

}  // namespace ate
