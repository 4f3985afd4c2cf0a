// lion: the sign of an interpolated momentum, decay decoupled (Chen et al. 2023).
#include <ATen/ATen.h>

#include "train/optimiser.h"

namespace ate {
namespace {

constexpr StateArray kMomentum[] = {{"lion.momentum"}};

void lion_update(const OptimiserConfig& c, const Layout& layout, Arena& a, const OptimiserStep& step) {
  at::Tensor& momentum = a.state[0];
  const at::Tensor direction = (c.beta1 * momentum + (1 - c.beta1) * a.gradients).sign_();
  apply_decay(c, layout, a, step);
  a.parameters.sub_(direction, step.learning_rate);
  momentum.mul_(c.beta2).add_(a.gradients, 1 - c.beta2);
}

}  // namespace

extern const OptimiserDescription lion_optimiser;
constinit const OptimiserDescription lion_optimiser = {
    .name = "lion",
    .help = "the sign of a momentum, weight decay decoupled (Chen et al. 2023)",
    .state = kMomentum,
    .update = lion_update,
    .decoupled_decay = true,
};

}  // namespace ate
