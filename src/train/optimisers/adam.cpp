// adam: Kingma & Ba 2015, with bias correction, weight decay added to the gradient. adamw: Loshchilov & Hutter 2019, the
// decay decoupled. The fused kernels have both (kernels/cpu/operations/flat.cpp).
#include <ATen/ATen.h>

#include "train/optimiser.h"

namespace ate {
namespace {

constexpr StateArray kMoments[] = {{"adam.first_moment"}, {"adam.second_moment"}};

// Rate: double, or a scalar tensor.
template <bool kDecoupled, class Rate>
void step(const OptimiserConfig& c, Arena& a, const Rate& rate, const at::Tensor& number, double decay) {
  if constexpr (kDecoupled)
    at::_fused_adamw_(a.parameters, a.gradients, a.state[0], a.state[1], {}, number, rate, c.beta1, c.beta2,
                      decay, c.epsilon, /*amsgrad=*/false, /*maximize=*/false);
  else
    at::_fused_adam_(a.parameters, a.gradients, a.state[0], a.state[1], {}, number, rate, c.beta1, c.beta2,
                     decay, c.epsilon, /*amsgrad=*/false, /*maximize=*/false);
}

template <bool kDecoupled>
void update(const OptimiserConfig& config, const Layout& layout, Arena& arena, const OptimiserStep& at) {
  double decay = config.weight_decay;
  if (config.decayed != Decayed::all) {  // one pass has one decay
    apply_decay(config, layout, arena, at);
    decay = 0;
  }
  if (at.learning_rate_tensor.defined())
    step<kDecoupled>(config, arena, at.learning_rate_tensor, at.number, decay);
  else
    step<kDecoupled>(config, arena, at.learning_rate, at.number, decay);
}

}  // namespace

extern const OptimiserDescription adam_optimiser, adamw_optimiser;
constinit const OptimiserDescription adam_optimiser = {
    .name = "adam",
    .help = "weight decay added to the gradient (Kingma & Ba 2015)",
    .state = kMoments,
    .update = update<false>,
    .fused = true,
    .stacks = true,
};
constinit const OptimiserDescription adamw_optimiser = {
    .name = "adamw",
    .help = "weight decay decoupled (Loshchilov & Hutter 2019)",
    .state = kMoments,
    .update = update<true>,
    .fused = true,
    .decoupled_decay = true,
    .stacks = true,
};

}  // namespace ate
