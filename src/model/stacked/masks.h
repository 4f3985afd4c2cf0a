// Dropout masks of all replicas of a stack at once, each the one that its trial draws alone.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "random/counter.h"

namespace ate {

class StackedMasks {
 public:
  StackedMasks(std::vector<RandomKey> keys, at::Device device);

  // [R, count]: row r is fill_dropout_mask(keys[r], site, step, p). `step`: a scalar of int64 on the device.
  at::Tensor draw(uint32_t site, double p, int64_t count, const at::Tensor& step) const;

 private:
  std::vector<RandomKey> keys_;
  at::Device device_;
  at::Tensor seeds_, streams_;  // [R, 1], of int64
};

}  // namespace ate
