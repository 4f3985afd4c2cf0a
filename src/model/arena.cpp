#include "model/arena.h"

#include <ATen/ATen.h>

namespace ate {

Arena::Arena(const Layout& layout, at::TensorOptions options, std::span<const StateArray> arrays)
    : parameters(at::zeros({layout.size}, options)), gradients(at::zeros({layout.size}, options)) {
  for (const StateArray& array : arrays)
    state.push_back(at::zeros({array.size == nullptr ? layout.size : array.size(layout)}, options));
}

void Arena::copy_from(const Arena& other) {
  parameters.copy_(other.parameters);
  gradients.zero_();
  for (size_t i = 0; i < state.size(); ++i) state[i].copy_(other.state[i]);
}

at::Tensor view_of(const at::Tensor& flat, const ParameterTensor& tensor) {
  return flat.narrow(0, tensor.offset, tensor.count()).view(tensor.shape);
}

std::vector<at::Tensor> parameter_views(const Layout& layout, Arena& arena) {
  std::vector<at::Tensor> views;
  views.reserve(layout.tensors.size());
  for (const ParameterTensor& tensor : layout.tensors) {
    at::Tensor leaf = view_of(arena.parameters, tensor).detach();
    leaf.set_requires_grad(true);
    leaf.mutable_grad() = view_of(arena.gradients, tensor);
    views.push_back(std::move(leaf));
  }
  return views;
}

}  // namespace ate
