#include "model/arena.h"

#include <ATen/ATen.h>

namespace ate {

Arena::Arena(const Layout& layout, at::TensorOptions options)
    : parameters(at::zeros({layout.size}, options)),
      gradients(at::zeros({layout.size}, options)),
      first_moment(at::zeros({layout.size}, options)),
      second_moment(at::zeros({layout.size}, options)) {}

Arena::Arena(at::Tensor parameters_there, at::Tensor gradients_there, at::Tensor first_moment_there,
             at::Tensor second_moment_there)
    : parameters(std::move(parameters_there)),
      gradients(std::move(gradients_there)),
      first_moment(std::move(first_moment_there)),
      second_moment(std::move(second_moment_there)) {}

std::vector<at::Tensor> parameter_views(const Layout& layout, Arena& arena) {
  const auto view = [](const at::Tensor& flat, const ParameterTensor& tensor) {
    return flat.narrow(0, tensor.offset, tensor.count()).view(tensor.shape);
  };
  std::vector<at::Tensor> views;
  views.reserve(layout.tensors.size());
  for (const ParameterTensor& tensor : layout.tensors) {
    at::Tensor leaf = view(arena.parameters, tensor).detach();
    leaf.set_requires_grad(true);
    leaf.mutable_grad() = view(arena.gradients, tensor);
    views.push_back(std::move(leaf));
  }
  return views;
}

}  // namespace ate
