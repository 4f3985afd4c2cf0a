// One training step of all models of a stack, in plain ATen operations with a leading dimension of replicas:
// what Model computes for each alone, to rounding. Replicas never mix, so a NaN stays in its row.
#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <vector>

#include "config/config.h"
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
  struct Linear {
    at::Tensor weight, bias;  // [R, out, in], [R, out]; of a norm [R, d] both
  };
  struct Layer {
    Linear in_projection, out_projection, linear1, linear2, norm1, norm2;
  };

  at::Tensor losses(const at::Tensor& x, const at::Tensor& windows, const at::Tensor& step) const;
  at::Tensor trunk(at::Tensor x, const at::Tensor& step) const;
  at::Tensor encode(const Layer& layer, const at::Tensor& x, uint32_t site, const at::Tensor& step) const;
  at::Tensor attend(const Layer& layer, const at::Tensor& x, uint32_t site, const at::Tensor& step) const;
  at::Tensor dropped(const at::Tensor& x, uint32_t site, const at::Tensor& step) const;
  at::Tensor normed(const at::Tensor& x, const Linear& norm) const;

  BodyConfig body_;
  Dtype dtype_;
  int64_t replicas_, batch_, window_;
  at::Tensor gradients_;  // [R, S]
  std::vector<TrunkTensor> trunk_;
  StackedEmbedding embedding_;
  std::optional<StackedMasks> masks_;
  at::Tensor positions_;  // [R, T, d], undefined without
  std::vector<Layer> layers_;
  Linear norm_, head_;
  at::Tensor causal_mask_;  // [T, T], see Model
};

}  // namespace ate
