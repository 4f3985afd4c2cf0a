#include "model/fused/fused_feed_forward.h"

#include "config/derived.h"

namespace ate {

template <class E>
FeedForwardScratch<E>::FeedForwardScratch(FusedContext<E>& c) {
  const int64_t count = c.rows * hidden_width(c.config.body);
  dhidden = c.buffers.template take<E>(count);
  if (c.config.body.activation == Activation::swiglu) dgate = c.buffers.template take<E>(count);
  hidden_mask = c.buffers.template take<uint8_t>(kernels::mask_bytes(count));
}

template <class E>
FusedFeedForward<E>::FusedFeedForward(FusedContext<E>& c, FeedForwardScratch<E>& s, int64_t layer, const E* x,
                                      E* branch, const E* dbranch, E* dx)
    : c_(c),
      s_(s),
      activation_(c.config.body.activation),
      width_(hidden_width(c.config.body)),
      site_(static_cast<uint32_t>(layer) * kSites + kInsideFeedForward),
      inner_(c.buffers.template take<E>(c.rows * width_)),
      hidden_(inner_),
      mask_(s.hidden_mask) {
  if (activation_ != Activation::relu) {
    hidden_ = c.buffers.template take<E>(c.rows * width_);
    mask_ = c.buffers.template take<uint8_t>(kernels::mask_bytes(c.rows * width_));
  }
  const LayerWeights<TensorId>& w = c.layout.weights.layers[static_cast<size_t>(layer)];
  const auto products = [&](const LinearWeights<TensorId>& map, int64_t in, int64_t out, const E* input,
                            E* output, const E* doutput, E* dinput, kernels::Into into) {
    return LinearProducts<E>(c, c.operand(map.weight), c.gradient(map.weight), in, out, input, output,
                             doutput, dinput, into);
  };
  const auto bias = [&](const LinearWeights<TensorId>& map) {
    return Bias{c.weight(map.bias), c.gradient(map.bias)};
  };
  const int64_t d = c.width;
  bias_ = bias(w.linear1);
  linear1_ = products(w.linear1, d, width_, x, inner_, s.dhidden, dx, kernels::Into::replace);
  linear2_ = products(w.linear2, width_, d, hidden_, branch, dbranch, s.dhidden, kernels::Into::replace);
  if (activation_ != Activation::swiglu) return;
  gate_ = c.buffers.template take<E>(c.rows * width_);
  gate_bias_ = bias(w.gate);
  gate_products_ = products(w.gate, d, width_, x, gate_, s.dgate, dx, kernels::Into::add);
}

template <class E>
void FusedFeedForward<E>::activate(const kernels::Mask& mask) {
  switch (activation_) {
    case Activation::swiglu:
      return c_.kernel.swiglu(c_.rows, width_, inner_, bias_.values, gate_, gate_bias_.values, mask, hidden_);
    case Activation::gelu:
      return c_.kernel.gelu(c_.rows, width_, inner_, bias_.values, mask, hidden_);
    default:
      return c_.kernel.relu(c_.rows, width_, hidden_, bias_.values, mask);
  }
}

template <class E>
void FusedFeedForward<E>::activate_backward(const kernels::Mask& mask) {
  switch (activation_) {
    case Activation::swiglu:
      return c_.kernel.swiglu_backward(c_.rows, width_, inner_, bias_.values, gate_, gate_bias_.values, mask,
                                       s_.dhidden, s_.dgate, bias_.gradient, gate_bias_.gradient);
    case Activation::gelu:
      return c_.kernel.gelu_backward(c_.rows, width_, inner_, bias_.values, mask, s_.dhidden, bias_.gradient);
    default:
      return c_.kernel.relu_backward(c_.rows, width_, hidden_, mask.kept, s_.dhidden, bias_.gradient);
  }
}

template <class E>
void FusedFeedForward<E>::forward(RandomKey key, uint32_t step) {
  c_.enter(StepPart::products);
  linear1_.forward();
  if (gate_ != nullptr) gate_products_.forward();
  const kernels::Mask mask = c_.draw(key, step, site_, c_.rows * width_, mask_);
  c_.enter(StepPart::activation);
  activate(mask);
  c_.enter(StepPart::products);
  linear2_.forward();
}

template <class E>
void FusedFeedForward<E>::backward() {
  c_.enter(StepPart::products);
  linear2_.gradient();
  linear2_.backward();
  c_.enter(StepPart::activation);
  activate_backward(c_.mask(site_, mask_));
  c_.enter(StepPart::products);
  linear1_.gradient();
  linear1_.backward();
  if (gate_ == nullptr) return;
  gate_products_.gradient();
  gate_products_.backward();
}

template struct FeedForwardScratch<float>;
template struct FeedForwardScratch<kernels::bf16>;
template class FusedFeedForward<float>;
template class FusedFeedForward<kernels::bf16>;

}  // namespace ate
