#include "model/stacked/stacked_step.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include "model/precision.h"

namespace ate {
namespace {

std::vector<RandomKey> keys_of(const std::vector<Replica>& replicas) {
  std::vector<RandomKey> keys;
  for (const Replica& replica : replicas) keys.push_back(replica.key);
  return keys;
}

}  // namespace

// All models' operations in one step. x: [R, B * T, d].
class StackedStep::Operations final : public TrunkOperations {
 public:
  Operations(const StackedStep& stack, const at::Tensor& step) : s_(stack), step_(step) {
    mask = stack.causal_mask_;
    rotary = stack.rotary_;
  }

  at::Tensor linear(const at::Tensor& x, const Linear& map) const override {
    const at::Tensor weight = map.weight.transpose(1, 2);
    return map.bias.defined() ? at::baddbmm(map.bias.unsqueeze(1), x, weight) : at::bmm(x, weight);
  }
  at::Tensor norm(const at::Tensor& x, const Linear& norm, Normalisation kind) const override {
    const at::Tensor gain = norm.weight.unsqueeze(1);
    const at::Tensor normalised = kind == Normalisation::rms
                                      ? over_root_mean_square(x, gain.scalar_type())
                                      : at::layer_norm(x, {x.size(-1)}, {}, {}, kNormEpsilon);
    return norm.bias.defined() ? at::addcmul(norm.bias.unsqueeze(1), normalised, gain) : normalised * gain;
  }
  at::Tensor dropped(const at::Tensor& x, uint32_t site) const override {
    const double p = dropout_probability(s_.body_, site);
    if (p == 0) return x;
    return x * s_.masks_.draw(site, p, x.numel() / s_.replicas_, step_).to(x.scalar_type()).view(x.sizes());
  }
  at::Tensor add_positions(const at::Tensor& x, const at::Tensor& positions) const override {
    return (by_window(x) + positions.unsqueeze(1)).view(x.sizes());
  }
  at::Tensor window_mean(const at::Tensor& x) const override { return by_window(x).mean(2); }

 private:
  at::Tensor by_window(const at::Tensor& x) const {
    return x.view({s_.replicas_, s_.batch_, s_.window_, s_.body_.width});
  }

  const StackedStep& s_;
  const at::Tensor& step_;
};

StackedStep::StackedStep(const Config& config, const std::vector<Replica>& replicas, Arena& stack)
    : body_(config.body),
      dtype_(config.dtype),
      replicas_(static_cast<int64_t>(replicas.size())),
      batch_(config.windows.batch),
      window_(config.windows.length),
      gradients_(stack.gradients),
      weights_(trunk_tensors(replicas, stack).map_trunk([&](const TrunkTensor& tensor) {
        if (tensor.leaf.defined()) trunk_.push_back(tensor);
        return tensor.leaf;
      })),
      embedding_(replicas, stack, config.body.width),
      masks_(keys_of(replicas), stack.parameters.device()),
      causal_mask_(causal_mask(config.body, config.windows.length, stack.parameters.options())),
      rotary_(rotary_positions(config.body, config.windows.length, stack.parameters.options())) {}

// Of each replica, [R].
at::Tensor StackedStep::losses(const at::Tensor& x, const at::Tensor& windows, const at::Tensor& step) const {
  const Autocast autocast(dtype_, x.device().type());
  const at::Tensor logits = run_trunk(body_, weights_, x, window_, Operations(*this, step));
  const int64_t predictions = logits.size(1) / batch_;
  const at::Tensor targets = windows.narrow(2, window_ + 1 - predictions, predictions).reshape({-1});
  return at::cross_entropy_loss(logits.flatten(0, 1), targets, {}, at::Reduction::None)
      .view({replicas_, -1})
      .mean(1);
}

at::Tensor StackedStep::losses_and_gradients(const at::Tensor& windows, const at::Tensor& step) {
  const Tf32Products tf32(dtype_);
  at::Tensor x;
  {
    const at::NoGradGuard no_grad;
    gradients_.zero_();
    x = embedding_.forward(windows.narrow(2, 0, window_).reshape({replicas_, -1}));
  }
  x.set_requires_grad(true);
  const at::Tensor all = losses(x, windows, step);
  // Each loss depends on its own replica alone, so the gradient of their sum is each one's own.
  all.sum().backward();
  const at::NoGradGuard no_grad;
  embedding_.backward(x.grad());
  // Copied, not preset as .grad: autograd warns about gradients in rows of something larger.
  for (TrunkTensor& tensor : trunk_) {
    tensor.gradient.copy_(tensor.leaf.grad());
    tensor.leaf.mutable_grad().reset();
  }
  return all.detach();
}

}  // namespace ate
