// Attention that a fused step leaves to others: kinds that choose keys, and long windows.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/cpu/kernels.h"
#include "random/counter.h"

namespace ate {

// Arrays of heads are [windows, heads, T, head_width], dense: their stride is the head's width.
class HeadAttention {
 public:
  virtual ~HeadAttention() = default;

  // out: the mixed values, with the dropout of (key, step). `heads` keeps its numbers until the layer's backward.
  virtual void forward(size_t layer, const kernels::HeadArrays& heads, float* out, RandomKey key,
                       uint32_t step) = 0;
  // Writes the gradients of the layer's heads, and adds those of parameters of its own.
  virtual void backward(size_t layer, const float* dout, const kernels::HeadArrays& gradients) = 0;
};

}  // namespace ate
