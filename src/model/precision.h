// The type of matrix products while plain LibTorch operations train: what the setting `dtype` means to the reference
// model and to stacks. Evaluation knows none of it and is fp32.
#pragma once

#include <c10/core/Device.h>

#include "config/config.h"

namespace ate {

// For a forward pass, in this thread. bf16: LibTorch's autocast, by which products take their factors in bf16, sum in
// float (a GPU's library may sum parts in less), and round their results to bf16; norms, softmax and losses are
// computed in float.
class Autocast {
 public:
  Autocast(Dtype dtype, at::DeviceType device);
  ~Autocast();
  Autocast(const Autocast&) = delete;
  Autocast& operator=(const Autocast&) = delete;

 private:
  bool on_;
  at::DeviceType device_;
};

// For a forward and a backward pass, in the whole process, so of one trial at a time. tf32: CUDA's products of float
// round their factors to TF32 (10 bits after the point) and sum in float.
class Tf32Products {
 public:
  explicit Tf32Products(Dtype dtype);
  ~Tf32Products();
  Tf32Products(const Tf32Products&) = delete;
  Tf32Products& operator=(const Tf32Products&) = delete;

 private:
  bool on_;
};

}  // namespace ate
