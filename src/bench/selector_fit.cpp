#include "bench/selector_fit.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "model/layout.h"

namespace ate {
namespace {

constexpr double kRate = 0.01;

struct AdamState {
  at::Tensor parameter, first, second;
};

void adam_step(AdamState& s, int step) {
  constexpr double kBeta1 = 0.9, kBeta2 = 0.999;
  const at::NoGradGuard no_grad;
  const at::Tensor gradient = s.parameter.grad();
  s.first.mul_(kBeta1).add_(gradient, 1 - kBeta1);
  s.second.mul_(kBeta2).addcmul_(gradient, gradient, 1 - kBeta2);
  const at::Tensor root = (s.second / (1 - std::pow(kBeta2, step))).sqrt_().add_(1e-8);
  s.parameter.sub_(s.first / root, kRate / (1 - std::pow(kBeta1, step)));
  s.parameter.mutable_grad().reset();
}

}  // namespace

std::unique_ptr<SparseAttention> fitted_attention(const Config& config, const HeadInputs& inputs, int steps) {
  const AttentionKind& kind = config.attention.kind;
  LayoutBuilder layout;
  if (kind->add_parameters != nullptr) kind->add_parameters(layout, "", config, config.body.heads);
  std::map<std::string, AdamState> states;
  std::unique_ptr<SparseAttention> attention = kind->make(config, [&](const std::string& name) {
    const ParameterTensor& tensor = layout.layout.at(name);
    const auto fan_in = static_cast<double>(std::max<int64_t>(1, tensor.fan_in));
    const at::Tensor start = at::randn(tensor.shape, inputs.queries.options()).div_(std::sqrt(fan_in));
    states[name] = {start.requires_grad_(kind->learns), at::zeros_like(start), at::zeros_like(start)};
    return states[name].parameter;
  });
  if (!kind->learns) return attention;
  const int64_t length = std::min(inputs.queries.size(2), kFittedPositions);
  HeadInputs some = inputs;
  for (at::Tensor* rows : {&some.queries, &some.keys, &some.values}) *rows = rows->narrow(2, 0, length);
  if (some.mask.defined()) some.mask = some.mask.narrow(0, 0, length).narrow(1, 0, length);
  const at::Tensor exact = some.scores().softmax(-1);
  const at::AutoGradMode gradients(true);
  for (int step = 1; step <= steps; ++step) {
    selection_loss(exact, attention->selector_scores(some)).backward();
    for (auto& [name, state] : states) adam_step(state, step);
  }
  return attention;
}

}  // namespace ate
