#include "train/optimiser.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>

namespace ate {
namespace {

// The factor that clips `gradients`: a scalar, or for a stack's [R, S] one for each row.
at::Tensor clip_factor(const at::Tensor& gradients, double largest) {
  const at::Tensor norm = gradients.dim() == 2 ? at::linalg_vector_norm(gradients, 2, {1}, /*keepdim=*/true)
                                               : at::linalg_vector_norm(gradients);
  return at::clamp_max(largest / (norm + 1e-6), 1.0);
}

// [S] of bool: what learns from a side loss alone; undefined where nothing does.
at::Tensor side_mask(const Layout& layout, at::Device device) {
  at::Tensor side;
  for (const ParameterTensor& tensor : layout.tensors) {
    if (!tensor.side_loss) continue;
    if (!side.defined()) side = at::zeros({layout.size}, at::kBool);
    side.narrow(0, tensor.offset, tensor.count()).fill_(true);
  }
  return side.defined() ? side.to(device) : side;
}

void clip(at::Tensor& gradients, const Layout& layout, double largest) {
  if (largest <= 0) return;
  const at::Tensor side = side_mask(layout, gradients.device());
  if (!side.defined()) {
    gradients.mul_(clip_factor(gradients, largest));
    return;
  }
  const at::Tensor of_model = clip_factor(gradients.masked_fill(side, 0), largest);
  const at::Tensor of_side = clip_factor(gradients.masked_fill(side.logical_not(), 0), largest);
  gradients.mul_(at::where(side, of_side, of_model));
}

}  // namespace

void update(const OptimiserConfig& config, const Layout& layout, Arena& arena, double learning_rate,
            int64_t step) {
  const at::NoGradGuard no_grad;
  clip(arena.gradients, layout, config.clip_norm);
  const at::Tensor number =
      at::full({}, static_cast<double>(step), arena.parameters.options().dtype(at::kFloat));
  config.kind->update(config, layout, arena, {learning_rate, {}, number});
}

void update(const OptimiserConfig& config, const Layout& layout, Arena& stack,
            const at::Tensor& learning_rate, const at::Tensor& step) {
  const at::NoGradGuard no_grad;
  clip(stack.gradients, layout, config.clip_norm);
  config.kind->update(config, layout, stack, {0, learning_rate, step});
}

}  // namespace ate
