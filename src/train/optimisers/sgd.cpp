// sgd: stochastic gradient descent with momentum (Polyak 1964; Nesterov's as Sutskever et al. 2013 write it), by the
// arithmetic of torch.optim.SGD without dampening, weight decay added to the gradient:
//   m <- momentum * m + g;  p <- p - rate * (nesterov ? g + momentum * m : m)
#include <ATen/ATen.h>

#include "train/optimiser.h"

namespace ate {
namespace {

constexpr StateArray kSgdState[] = {{"sgd.momentum"}};

constexpr KindSetting kSgdSettings[] = {
    {"momentum", 0.0, from_to_below(0, 1), "share of the last direction that stays; 0: none"},
    {"nesterov", false, {}, "looks ahead by the momentum"},
};

void sgd_update(const OptimiserConfig& config, const Layout& layout, Arena& arena, const OptimiserStep& at) {
  apply_decay(config, layout, arena, at);
  const double momentum = config.own.real("momentum");
  at::Tensor direction = arena.state[0].mul_(momentum).add_(arena.gradients);
  if (config.own.flag("nesterov")) direction = arena.gradients.add(direction, momentum);
  if (at.learning_rate_tensor.defined())
    arena.parameters.sub_(direction * at.learning_rate_tensor);
  else
    arena.parameters.sub_(direction, at.learning_rate);
}

std::vector<Problem> check_sgd(const Config& config) {
  if (!config.optimiser.own.flag("nesterov") || config.optimiser.own.real("momentum") > 0) return {};
  return {{"/optimiser/nesterov", "looks ahead by a momentum: set optimiser.momentum, such as to 0.9"}};
}

}  // namespace

extern const OptimiserDescription sgd_optimiser;
constinit const OptimiserDescription sgd_optimiser = {
    .name = "sgd",
    .help = "gradient descent with momentum, weight decay added to the gradient",
    .settings = kSgdSettings,
    .state = kSgdState,
    .check = check_sgd,
    .update = sgd_update,
    .stacks = true,
};

}  // namespace ate
