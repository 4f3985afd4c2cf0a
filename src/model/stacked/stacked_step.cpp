#include "model/stacked/stacked_step.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <cmath>
#include <limits>

#include "model/precision.h"
#include "model/sites.h"

namespace ate {
namespace {

// x: [R, M, in] -> [R, M, out].
at::Tensor linear(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias) {
  return at::baddbmm(bias.unsqueeze(1), x, weight.transpose(1, 2));
}

std::vector<RandomKey> keys_of(const std::vector<Replica>& replicas) {
  std::vector<RandomKey> keys;
  for (const Replica& replica : replicas) keys.push_back(replica.key);
  return keys;
}

}  // namespace

StackedStep::StackedStep(const Config& config, const std::vector<Replica>& replicas, Arena& stack)
    : body_(config.body),
      dtype_(config.dtype),
      replicas_(static_cast<int64_t>(replicas.size())),
      batch_(config.windows.batch),
      window_(config.windows.length),
      gradients_(stack.gradients),
      embedding_(replicas, stack, config.body.width) {
  const auto find = [&](const std::string& name) {
    const TrunkTensor tensor = trunk_tensor(replicas, stack, name);
    if (tensor.leaf.defined()) trunk_.push_back(tensor);
    return tensor.leaf;
  };
  const auto pair = [&](const std::string& name) {
    return Linear{find(name + ".weight"), find(name + ".bias")};
  };
  head_ = pair("head");
  if (body_.kind == BodyKind::bag) return;
  positions_ = find("positions.weight");
  for (int64_t i = 0; i < body_.layers; ++i) {
    const std::string name = "layers." + std::to_string(i);
    layers_.push_back(
        {Linear{find(name + ".self_attn.in_proj_weight"), find(name + ".self_attn.in_proj_bias")},
         pair(name + ".self_attn.out_proj"), pair(name + ".linear1"), pair(name + ".linear2"),
         pair(name + ".norm1"), pair(name + ".norm2")});
  }
  norm_ = pair("norm");
  if (body_.dropout > 0) masks_.emplace(keys_of(replicas), body_.dropout, stack.parameters.device());
  if (body_.causal)
    causal_mask_ =
        at::full({window_, window_}, -std::numeric_limits<double>::infinity(), stack.parameters.options())
            .triu(1);
}

at::Tensor StackedStep::dropped(const at::Tensor& x, uint32_t site, const at::Tensor& step) const {
  if (!masks_) return x;
  return x * masks_->draw(site, x.numel() / replicas_, step).to(x.scalar_type()).view(x.sizes());
}

at::Tensor StackedStep::normed(const at::Tensor& x, const Linear& norm) const {
  return at::addcmul(norm.bias.unsqueeze(1), at::layer_norm(x, {body_.width}, {}, {}, kNormEpsilon),
                     norm.weight.unsqueeze(1));
}

// x: [R, B * T, d], as everywhere below.
at::Tensor StackedStep::attend(const Layer& layer, const at::Tensor& x, uint32_t site,
                               const at::Tensor& step) const {
  const int64_t n = replicas_ * batch_;
  const int64_t heads = body_.heads;
  const int64_t head_width = body_.width / heads;
  const auto parts = linear(x, layer.in_projection.weight, layer.in_projection.bias)
                         .view({n, window_, 3, heads, head_width})
                         .permute({2, 0, 3, 1, 4})
                         .contiguous()
                         .view({3, n * heads, window_, head_width})
                         .unbind(0);
  const at::Tensor keys = parts[1].transpose(1, 2);
  const double scale = 1 / std::sqrt(static_cast<double>(head_width));
  const at::Tensor scores = causal_mask_.defined() ? at::baddbmm(causal_mask_, parts[0], keys, 1, scale)
                                                   : at::bmm(parts[0] * scale, keys);
  const at::Tensor weights = dropped(at::softmax(scores, -1), site, step);
  const at::Tensor mixed =
      at::bmm(weights, parts[2]).view({n, heads, window_, head_width}).transpose(1, 2).reshape(x.sizes());
  return linear(mixed, layer.out_projection.weight, layer.out_projection.bias);
}

at::Tensor StackedStep::encode(const Layer& layer, const at::Tensor& x, uint32_t site,
                               const at::Tensor& step) const {
  const auto attended = [&](const at::Tensor& y) {
    return dropped(attend(layer, y, site + kAttentionWeights, step), site + kAttentionOutput, step);
  };
  const auto feed_forward = [&](const at::Tensor& y) {
    const at::Tensor inner = linear(y, layer.linear1.weight, layer.linear1.bias);
    const at::Tensor hidden =
        dropped(body_.activation == Activation::gelu ? at::gelu(inner) : at::relu(inner),
                site + kInsideFeedForward, step);
    return dropped(linear(hidden, layer.linear2.weight, layer.linear2.bias), site + kFeedForwardOutput, step);
  };
  if (body_.norm == Norm::pre) {
    const at::Tensor y = x + attended(normed(x, layer.norm1));
    return y + feed_forward(normed(y, layer.norm2));
  }
  const at::Tensor y = normed(x + attended(x), layer.norm1);
  return normed(y + feed_forward(y), layer.norm2);
}

// x: [R, B * T, d] -> logits [R, predictions, V].
at::Tensor StackedStep::trunk(at::Tensor x, const at::Tensor& step) const {
  const std::vector<int64_t> by_window = {replicas_, batch_, window_, body_.width};
  if (body_.kind == BodyKind::bag) return linear(x.view(by_window).mean(2), head_.weight, head_.bias);
  if (positions_.defined()) x = (x.view(by_window) + positions_.unsqueeze(1)).view(x.sizes());
  for (size_t i = 0; i < layers_.size(); ++i)
    x = encode(layers_[i], x, static_cast<uint32_t>(i) * kSites, step);
  if (norm_.weight.defined()) x = normed(x, norm_);
  return linear(x, head_.weight, head_.bias);
}

// Of each replica, [R].
at::Tensor StackedStep::losses(const at::Tensor& x, const at::Tensor& windows, const at::Tensor& step) const {
  const Autocast autocast(dtype_, x.device().type());
  const at::Tensor logits = trunk(x, step);
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
