// A model's whole state as flat tensors: parameters, gradients and what the optimiser keeps, each one contiguous
// array laid out by Layout. Weights are views, so the optimiser and the clip are one pass, and a checkpoint
// is a few arrays.
#pragma once

#include <ATen/core/Tensor.h>

#include <span>
#include <vector>

#include "config/kinds.h"
#include "model/layout.h"

namespace ate {

struct Arena {
  Arena() = default;
  // Zeros; `state`: what the optimiser keeps.
  Arena(const Layout& layout, at::TensorOptions options, std::span<const StateArray> state);

  // [layout.size] each, or of a stack [R, S], see model/stacked/; padding stays 0
  at::Tensor parameters, gradients;
  std::vector<at::Tensor> state;  // of the optimiser, in the order of its description

  // Copies all but the gradients, which become 0.
  void copy_from(const Arena& other);
};

// A tensor's part of one of the flat arrays, in its shape.
at::Tensor view_of(const at::Tensor& flat, const ParameterTensor& tensor);

// Leaf tensors over `arena.parameters`, in the layout's order, whose .grad are views of `arena.gradients`:
// backward adds into them in place.
std::vector<at::Tensor> parameter_views(const Layout& layout, Arena& arena);

}  // namespace ate
