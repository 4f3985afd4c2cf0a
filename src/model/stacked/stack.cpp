#include "model/stacked/stack.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "support/error.h"

namespace ate {
namespace {

const ParameterTensor* find(const Layout& layout, const std::string& name) {
  for (const ParameterTensor& tensor : layout.tensors)
    if (tensor.name == name) return &tensor;
  return nullptr;
}

}  // namespace

Arena make_stack(const std::vector<Replica>& replicas, at::TensorOptions options) {
  int64_t size = 0;
  for (const Replica& replica : replicas) size = std::max(size, replica.layout->size);
  const std::vector<int64_t> shape = {static_cast<int64_t>(replicas.size()), size};
  const auto zeros = [&] { return at::zeros(shape, options); };
  return {zeros(), zeros(), zeros(), zeros()};
}

Arena replica_arena(const Arena& stack, int64_t r, int64_t size) {
  const auto part = [&](const at::Tensor& rows) { return rows[r].narrow(0, rows.size(1) - size, size); };
  return {part(stack.parameters), part(stack.gradients), part(stack.first_moment), part(stack.second_moment)};
}

TrunkTensor trunk_tensor(const std::vector<Replica>& replicas, const Arena& stack, const std::string& name) {
  const ParameterTensor* const first = find(*replicas[0].layout, name);
  if (first == nullptr) return {};
  const int64_t before_end = replicas[0].layout->size - first->offset;
  for (const Replica& replica : replicas) {
    const ParameterTensor* const other = find(*replica.layout, name);
    if (other == nullptr || other->shape != first->shape ||
        replica.layout->size - other->offset != before_end)
      throw Failure(name, "does not stand in the same place in all models of the stack");
  }
  std::vector<int64_t> shape = {stack.parameters.size(0)};
  shape.insert(shape.end(), first->shape.begin(), first->shape.end());
  const auto view = [&](const at::Tensor& rows) {
    return rows.narrow(1, rows.size(1) - before_end, first->count()).view(shape);
  };
  TrunkTensor tensor = {view(stack.parameters).detach(), view(stack.gradients)};
  tensor.leaf.set_requires_grad(true);
  return tensor;
}

}  // namespace ate
