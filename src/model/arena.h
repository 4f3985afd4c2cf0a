// A model's whole state as flat tensors: parameters, gradients and Adam's two moments, each one contiguous
// array laid out by Layout. Weights are views, so the optimiser and the clip are one pass, and a checkpoint
// is three arrays.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "model/layout.h"

namespace ate {

struct Arena {
  // Zeros.
  Arena(const Layout& layout, at::TensorOptions options);
  // Over arrays that are there already, such as a row of a stack's.
  Arena(at::Tensor parameters, at::Tensor gradients, at::Tensor first_moment, at::Tensor second_moment);

  // [layout.size] each, or of a stack [R, S], see model/stacked/; padding stays 0
  at::Tensor parameters, gradients, first_moment, second_moment;
};

// Leaf tensors over `arena.parameters`, in the layout's order, whose .grad are views of `arena.gradients`:
// backward adds into them in place.
std::vector<at::Tensor> parameter_views(const Layout& layout, Arena& arena);

}  // namespace ate
