// A model's whole state as flat tensors: parameters, gradients and Adam's two moments, each one contiguous
// array laid out by Layout. Weights are views, so the optimiser and the clip are one pass, and a checkpoint
// is three arrays.
#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "model/layout.h"

namespace ate {

struct Arena {
  Arena(const Layout& layout, at::TensorOptions options);

  at::Tensor parameters, gradients, first_moment, second_moment;  // [layout.size] each; padding stays 0
};

// Leaf tensors over `arena.parameters`, in the layout's order, whose .grad are views of `arena.gradients`:
// backward adds into them in place.
std::vector<at::Tensor> parameter_views(const Layout& layout, Arena& arena);

}  // namespace ate
