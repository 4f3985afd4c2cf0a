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
  config.kind->update(config, layout, arena, {.learning_rate = learning_rate, .number = number});
}

void update(const OptimiserConfig& config, const Layout& layout, Arena& stack,
            const at::Tensor& learning_rate, const at::Tensor& step, const at::Tensor& decayed) {
  const at::NoGradGuard no_grad;
  clip(stack.gradients, layout, config.clip_norm);
  config.kind->update(config, layout, stack,
                      {.learning_rate_tensor = learning_rate, .number = step, .decayed = decayed});
}

void apply_decay(const OptimiserConfig& config, const Layout& layout, Arena& arena, const OptimiserStep& at) {
  const double decay = config.weight_decay;
  if (decay == 0) return;
  if (!at.learning_rate_tensor.defined()) {
    for (const Run& run : decayed_runs(layout, config.decayed)) {
      if (!run.value) continue;
      at::Tensor parameters = arena.parameters.narrow(0, run.offset, run.count);
      if (config.kind->decoupled_decay)
        parameters.mul_(1 - at.learning_rate * decay);
      else
        arena.gradients.narrow(0, run.offset, run.count).add_(parameters, decay);
    }
    return;
  }
  const at::Tensor acts = at.decayed.defined() ? at.decayed : at::ones({}, arena.parameters.options());
  if (config.kind->decoupled_decay)
    arena.parameters.mul_(1 - acts * (at.learning_rate_tensor * decay));
  else
    arena.gradients.addcmul_(arena.parameters, acts, decay);
}

}  // namespace ate
