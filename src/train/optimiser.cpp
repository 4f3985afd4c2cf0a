#include "train/optimiser.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

namespace ate {
namespace {

// `norm`: of all gradients, or of each row.
void clip(at::Tensor& gradients, const at::Tensor& norm, double largest) {
  gradients.mul_(at::clamp_max(largest / (norm + 1e-6), 1.0));
}

// Rate: double, or a scalar tensor.
template <class Rate>
void step_adam(const OptimiserConfig& config, Arena& arena, const Rate& learning_rate,
               const at::Tensor& step) {
  if (config.kind == OptimiserKind::adamw)
    at::_fused_adamw_(arena.parameters, arena.gradients, arena.first_moment, arena.second_moment, {}, step,
                      learning_rate, config.beta1, config.beta2, config.weight_decay, config.epsilon,
                      /*amsgrad=*/false, /*maximize=*/false);
  else
    at::_fused_adam_(arena.parameters, arena.gradients, arena.first_moment, arena.second_moment, {}, step,
                     learning_rate, config.beta1, config.beta2, config.weight_decay, config.epsilon,
                     /*amsgrad=*/false, /*maximize=*/false);
}

}  // namespace

void update(const OptimiserConfig& config, Arena& arena, double learning_rate, int64_t step) {
  const at::NoGradGuard no_grad;
  if (config.clip_norm > 0) clip(arena.gradients, at::linalg_vector_norm(arena.gradients), config.clip_norm);
  const at::Tensor steps =
      at::full({}, static_cast<double>(step), arena.parameters.options().dtype(at::kFloat));
  step_adam(config, arena, learning_rate, steps);
}

void update(const OptimiserConfig& config, Arena& stack, const at::Tensor& learning_rate,
            const at::Tensor& step) {
  const at::NoGradGuard no_grad;
  if (config.clip_norm > 0)
    clip(stack.gradients, at::linalg_vector_norm(stack.gradients, 2, {1}, /*keepdim=*/true),
         config.clip_norm);
  step_adam(config, stack, learning_rate, step);
}

}  // namespace ate
