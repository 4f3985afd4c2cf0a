#include "model/stacked/stack.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "support/error.h"

namespace ate {
namespace {

// `of`: the same place in each replica's layout.
TrunkTensor trunk_tensor(const std::vector<Replica>& replicas, const Arena& stack,
                         const std::vector<TensorId>& of) {
  if (!of[0]) return {};
  const ParameterTensor& first = replicas[0].layout->at(of[0]);
  const int64_t before_end = replicas[0].layout->size - first.offset;
  for (size_t r = 0; r < replicas.size(); ++r) {
    const Layout& layout = *replicas[r].layout;
    if (!of[r] || layout.at(of[r]).shape != first.shape ||
        layout.size - layout.at(of[r]).offset != before_end)
      throw Failure(first.name, "is not in the same place in all models of the stack");
  }
  std::vector<int64_t> shape = {stack.parameters.size(0)};
  shape.insert(shape.end(), first.shape.begin(), first.shape.end());
  const auto view = [&](const at::Tensor& rows) {
    return rows.narrow(1, rows.size(1) - before_end, first.count()).view(shape);
  };
  TrunkTensor tensor = {view(stack.parameters).detach(), view(stack.gradients)};
  tensor.leaf.set_requires_grad(true);
  return tensor;
}

}  // namespace

Arena make_stack(const std::vector<Replica>& replicas, at::TensorOptions options, size_t state_arrays) {
  int64_t size = 0;
  for (const Replica& replica : replicas) size = std::max(size, replica.layout->size);
  const std::vector<int64_t> shape = {static_cast<int64_t>(replicas.size()), size};
  const auto zeros = [&] { return at::zeros(shape, options); };
  Arena arena;
  arena.parameters = zeros();
  arena.gradients = zeros();
  for (size_t i = 0; i < state_arrays; ++i) arena.state.push_back(zeros());
  return arena;
}

Arena replica_arena(const Arena& stack, int64_t r, int64_t size) {
  const auto part = [&](const at::Tensor& rows) { return rows[r].narrow(0, rows.size(1) - size, size); };
  Arena arena;
  arena.parameters = part(stack.parameters);
  arena.gradients = part(stack.gradients);
  for (const at::Tensor& rows : stack.state) arena.state.push_back(part(rows));
  return arena;
}

at::Tensor decay_mask(const std::vector<Replica>& replicas, const Arena& stack, Decayed decayed) {
  if (decayed == Decayed::all) return {};
  at::Tensor mask = at::zeros_like(stack.parameters);
  for (size_t r = 0; r < replicas.size(); ++r) {
    const Layout& layout = *replicas[r].layout;
    for (const Run& run : decayed_runs(layout, decayed))
      mask[static_cast<int64_t>(r)]
          .narrow(0, mask.size(1) - layout.size + run.offset, run.count)
          .fill_(run.value);
  }
  return mask;
}

ModelWeights<TrunkTensor> trunk_tensors(const std::vector<Replica>& replicas, const Arena& stack) {
  // The layouts' trees have the same form, so their places come in the same order.
  std::vector<std::vector<TensorId>> places(replicas.size());
  for (size_t r = 0; r < replicas.size(); ++r)
    (void)replicas[r].layout->weights.map_trunk([&](TensorId id) { return places[r].emplace_back(id); });
  size_t next = 0;
  return replicas[0].layout->weights.map_trunk([&](TensorId) {
    std::vector<TensorId> here;
    for (const std::vector<TensorId>& of : places) here.push_back(of.at(next));
    ++next;
    return trunk_tensor(replicas, stack, here);
  });
}

}  // namespace ate
