#include "model/fused/fused_layer.h"

#include "config/derived.h"

namespace ate {
namespace {

kernels::AttentionShape attention_shape(const Config& config) {
  return {config.windows.batch, config.windows.length, config.body.heads, head_width(config.body),
          config.body.causal};
}

template <class E>
const LayerWeights<TensorId>& ids(const FusedContext<E>& c, int64_t layer) {
  return c.layout.weights.layers[static_cast<size_t>(layer)];
}

// The norms behind a layer's sublayers.
template <class E>
const LinearWeights<TensorId>& norm_after_attention(const FusedContext<E>& c, int64_t layer) {
  return c.config.body.norm == Norm::pre ? ids(c, layer).norm2 : ids(c, layer).norm1;
}
template <class E>
const LinearWeights<TensorId>& norm_after_feed_forward(const FusedContext<E>& c, int64_t layer) {
  if (c.config.body.norm == Norm::post) return ids(c, layer).norm2;
  return layer + 1 < c.config.body.layers ? ids(c, layer + 1).norm1 : c.layout.weights.norm;
}

uint32_t site_of(int64_t layer, Site which) { return static_cast<uint32_t>(layer) * kSites + which; }

}  // namespace

template <class E>
LayerScratch<E>::LayerScratch(FusedContext<E>& c) {
  const int64_t f = hidden_width(c.config.body);
  const auto operands = [&](int64_t columns) { return c.buffers.template take<E>(c.rows * columns); };
  branch = operands(c.width);
  dbranch = operands(c.width);
  dx = operands(c.width);
  dmixed = operands(c.width);
  dhidden = operands(f);
  dqkv = operands(3 * c.width);
  dstream = c.buffers.template take<float>(c.rows * c.width);
  attention = c.buffers.template take<float>(attention_shape(c.config).scratch());
  hidden_mask = c.buffers.template take<uint8_t>(kernels::mask_bytes(c.rows * f));
  if (c.config.body.norm == Norm::pre) residual = c.buffers.template take<float>(c.rows * c.width);
}

template <class E>
FusedLayer<E>::FusedLayer(FusedContext<E>& c, LayerScratch<E>& s, int64_t index, const LayerRows<E>& x)
    : c_(c),
      s_(s),
      shape_(attention_shape(c.config)),
      hidden_width_(hidden_width(c.config.body)),
      first_site_(site_of(index, Site{})),
      x_(x),
      middle_(c.layer_rows()),
      out_(c.layer_rows()),
      qkv_(c.buffers.template take<E>(c.rows * 3 * c.width)),
      mixed_(c.buffers.template take<E>(c.rows * c.width)),
      inner_(c.buffers.template take<E>(c.rows * hidden_width_)),
      hidden_(gelu() ? c.buffers.template take<E>(c.rows * hidden_width_) : inner_),
      weights_(c.buffers.template take<float>(shape_.weights())),
      weights_mask_(c.buffers.template take<uint8_t>(
          kernels::mask_bytes(shape_.windows * shape_.heads * shape_.length * shape_.length))),
      hidden_mask_(gelu() ? c.buffers.template take<uint8_t>(kernels::mask_bytes(c.rows * hidden_width_))
                          : s.hidden_mask),
      after_attention_(c, norm_after_attention(c, index), ids(c, index).out_projection.bias,
                       site_of(index, kAttentionOutput)),
      after_feed_forward_(c, norm_after_feed_forward(c, index), ids(c, index).linear2.bias,
                          site_of(index, kFeedForwardOutput)) {
  const LayerWeights<TensorId>& w = ids(c, index);
  const int64_t d = c.width;
  const int64_t f = hidden_width_;
  qkv_bias_ = c.weight(w.in_projection.bias);
  dqkv_bias_ = c.gradient(w.in_projection.bias);
  hidden_bias_ = c.weight(w.linear1.bias);
  dhidden_bias_ = c.gradient(w.linear1.bias);
  const auto linear = [&](const LinearWeights<TensorId>& map, int64_t in, int64_t out, const E* input,
                          E* output, const E* doutput, E* dinput) {
    return LinearProducts<E>(c, c.operand(map.weight), c.gradient(map.weight), in, out, input, output,
                             doutput, dinput);
  };
  in_ = linear(w.in_projection, d, 3 * d, x_.operand, qkv_, s.dqkv, s.dx);
  out_projection_ = linear(w.out_projection, d, d, mixed_, s.branch, s.dbranch, s.dmixed);
  linear1_ = linear(w.linear1, d, f, middle_.operand, inner_, s.dhidden, s.dx);
  linear2_ = linear(w.linear2, f, d, hidden_, s.branch, s.dbranch, s.dhidden);
}

template <class E>
void FusedLayer<E>::add_and_norm(const float* residual, const FusedNorm<E>& norm, const LayerRows<E>& out,
                                 RandomKey key, uint32_t step) {
  norm.forward(pre() ? s_.residual : residual, s_.branch, pre() ? s_.residual : nullptr, out, key, step);
}

template <class E>
void FusedLayer<E>::norm_backward(const float* dy, const E* dy_branch, const FusedNorm<E>& norm) {
  norm.backward(pre() ? nullptr : dy, dy_branch, pre() ? dy : nullptr, s_.dstream, s_.dbranch);
}

template <class E>
void FusedLayer<E>::forward(RandomKey key, uint32_t step) {
  c_.enter(StepPart::products);
  in_.forward();
  const kernels::Mask on_weights =
      c_.draw(key, step, first_site_ + kAttentionWeights,
              shape_.windows * shape_.heads * shape_.length * shape_.length, weights_mask_);
  c_.enter(StepPart::attention);
  c_.kernel.attention(shape_, qkv_, qkv_bias_, on_weights, weights_, mixed_, s_.attention);
  c_.enter(StepPart::products);
  out_projection_.forward();
  add_and_norm(x_.stream, after_attention_, middle_, key, step);
  c_.enter(StepPart::products);
  linear1_.forward();
  const kernels::Mask on_hidden =
      c_.draw(key, step, first_site_ + kInsideFeedForward, c_.rows * hidden_width_, hidden_mask_);
  c_.enter(StepPart::activation);
  if (gelu())
    c_.kernel.gelu(c_.rows, hidden_width_, inner_, hidden_bias_, on_hidden, hidden_);
  else
    c_.kernel.relu(c_.rows, hidden_width_, hidden_, hidden_bias_, on_hidden);
  c_.enter(StepPart::products);
  linear2_.forward();
  add_and_norm(middle_.stream, after_feed_forward_, out_, key, step);
}

template <class E>
void FusedLayer<E>::backward(const float* dy, const E* dy_branch) {
  norm_backward(dy, dy_branch, after_feed_forward_);
  c_.enter(StepPart::products);
  linear2_.gradient();
  linear2_.backward();
  c_.enter(StepPart::activation);
  const kernels::Mask on_hidden = c_.mask(first_site_ + kInsideFeedForward, hidden_mask_);
  if (gelu())
    c_.kernel.gelu_backward(c_.rows, hidden_width_, inner_, hidden_bias_, on_hidden, s_.dhidden,
                            dhidden_bias_);
  else
    c_.kernel.relu_backward(c_.rows, hidden_width_, hidden_, on_hidden.kept, s_.dhidden, dhidden_bias_);
  c_.enter(StepPart::products);
  linear1_.gradient();
  linear1_.backward();
  norm_backward(s_.dstream, s_.dx, after_attention_);
  c_.enter(StepPart::products);
  out_projection_.gradient();
  out_projection_.backward();
  c_.enter(StepPart::attention);
  c_.kernel.attention_backward(shape_, qkv_, qkv_bias_,
                               c_.mask(first_site_ + kAttentionWeights, weights_mask_), weights_, s_.dmixed,
                               s_.dqkv, dqkv_bias_, s_.attention);
  c_.enter(StepPart::products);
  in_.gradient();
  in_.backward();
}

template struct LayerScratch<float>;
template struct LayerScratch<kernels::bf16>;
template class FusedLayer<float>;
template class FusedLayer<kernels::bf16>;

}  // namespace ate
