// The seed document's sparse head as it describes it, in plain ATen operations, for inference: an MLP on
// the query alone gives every position a logit, the k best positions are chosen, and a second MLP makes the
// output from their values side by side. No key is read.
#pragma once

#include <ATen/core/Tensor.h>

#include "analysis/shape.h"

namespace ate {

// Weights of H heads; every head has its own.
class MlpTopK {
 public:
  // Untrained: N(0, 1 / fan-in). The time it takes does not depend on them.
  MlpTopK(const Shape& shape, at::TensorOptions options);

  // queries, values: [B, H, T, hd] -> [B, H, T, hd]. `hidden`: [T, T], true where a query (row) may not
  // look; undefined for everywhere. Where a query sees fewer than k positions, the places left over hold
  // zeros.
  at::Tensor operator()(const at::Tensor& queries, const at::Tensor& values, const at::Tensor& hidden) const;

 private:
  int64_t keys_;
  at::Tensor selector_in_, selector_out_;          // [H, hd, h], [H, h, T]
  at::Tensor approximator_in_, approximator_out_;  // [H, k hd, h], [H, h, hd]
};

}  // namespace ate
