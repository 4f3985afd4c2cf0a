#include "train/optimiser.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

namespace ate {
namespace {

void clip(at::Tensor& gradients, double largest) {
  const at::Tensor norm = at::linalg_vector_norm(gradients);
  gradients.mul_(at::clamp_max(largest / (norm + 1e-6), 1.0));
}

}  // namespace

void update(const OptimiserConfig& config, Arena& arena, double learning_rate, int64_t step) {
  const at::NoGradGuard no_grad;
  if (config.clip_norm > 0) clip(arena.gradients, config.clip_norm);
  const at::Tensor steps =
      at::full({}, static_cast<double>(step), arena.parameters.options().dtype(at::kFloat));
  if (config.kind == OptimiserKind::adamw)
    at::_fused_adamw_(arena.parameters, arena.gradients, arena.first_moment, arena.second_moment, {}, steps,
                      learning_rate, config.beta1, config.beta2, config.weight_decay, config.epsilon,
                      /*amsgrad=*/false, /*maximize=*/false);
  else
    at::_fused_adam_(arena.parameters, arena.gradients, arena.first_moment, arena.second_moment, {}, steps,
                     learning_rate, config.beta1, config.beta2, config.weight_decay, config.epsilon,
                     /*amsgrad=*/false, /*maximize=*/false);
}

}  // namespace ate
