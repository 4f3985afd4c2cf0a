#include "model/fused/fused_layer.h"

#include "model/dropout.h"

namespace ate {
namespace {

kernels::AttentionShape attention_shape(const Config& config) {
  return {config.windows.batch, config.windows.length, config.body.heads,
          config.body.width / config.body.heads, config.body.causal};
}

template <class E>
const LayerWeights<TensorId>& ids(const FusedContext<E>& c, int64_t layer) {
  return c.layout.weights.layers[static_cast<size_t>(layer)];
}

}  // namespace

template <class E>
LayerScratch<E>::LayerScratch(FusedContext<E>& c) {
  const int64_t f = c.config.body.feedforward * c.width;
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
}

template <class E>
FusedLayer<E>::Norm::Norm(FusedContext<E>& c, const LinearWeights<TensorId>& norm, TensorId bias_of_branch)
    : gain(c.weight(norm.weight)),
      shift(c.weight(norm.bias)),
      bias(c.weight(bias_of_branch)),
      dgain(c.gradient(norm.weight)),
      dshift(c.gradient(norm.bias)),
      dbias(c.gradient(bias_of_branch)),
      normalised(c.buffers.template take<float>(c.rows * c.width)),
      scale(c.buffers.template take<float>(c.rows)),
      mask(c.buffers.template take<uint8_t>(kernels::mask_bytes(c.rows * c.width))) {}

template <class E>
FusedLayer<E>::FusedLayer(FusedContext<E>& c, LayerScratch<E>& s, int64_t index, const LayerRows<E>& x)
    : c_(c),
      s_(s),
      shape_(attention_shape(c.config)),
      hidden_width_(c.config.body.feedforward * c.width),
      first_site_(static_cast<uint32_t>(index) * kSites),
      kept_(kept_factor(c.config.body.dropout)),
      x_(x),
      middle_(c.layer_rows()),
      out_(c.layer_rows()),
      qkv_(c.buffers.template take<E>(c.rows * 3 * c.width)),
      mixed_(c.buffers.template take<E>(c.rows * c.width)),
      hidden_(c.buffers.template take<E>(c.rows * hidden_width_)),
      weights_(c.buffers.template take<float>(shape_.weights())),
      weights_mask_(c.buffers.template take<uint8_t>(
          kernels::mask_bytes(shape_.windows * shape_.heads * shape_.length * shape_.length))),
      norm1_(c, ids(c, index).norm1, ids(c, index).out_projection.bias),
      norm2_(c, ids(c, index).norm2, ids(c, index).linear2.bias) {
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
  linear1_ = linear(w.linear1, d, f, middle_.operand, hidden_, s.dhidden, s.dx);
  linear2_ = linear(w.linear2, f, d, hidden_, s.branch, s.dbranch, s.dhidden);
}

template <class E>
kernels::Mask FusedLayer<E>::mask_of(const uint8_t* bits) const {
  return c_.config.body.dropout == 0 ? kernels::Mask{} : kernels::Mask{bits, kept_};
}

template <class E>
kernels::Mask FusedLayer<E>::draw(RandomKey key, uint32_t step, uint32_t site, int64_t elements,
                                  uint8_t* bits) const {
  const double p = c_.config.body.dropout;
  if (p > 0) {
    c_.enter(StepPart::masks);
    c_.kernel.draw_mask(dropout_draw(key, first_site_ + site, step, p), elements, bits);
  }
  return mask_of(bits);
}

template <class E>
void FusedLayer<E>::add_and_norm(const float* residual, const Norm& norm, const kernels::Mask& mask,
                                 const LayerRows<E>& out) {
  c_.enter(StepPart::norms);
  c_.kernel.norm(c_.rows, c_.width, residual, s_.branch, norm.bias, mask, norm.gain, norm.shift,
                 norm.normalised, norm.scale, out.stream, out.operand);
}

template <class E>
void FusedLayer<E>::norm_backward(const float* dy, const E* dy_branch, const Norm& norm) {
  c_.enter(StepPart::norms);
  c_.kernel.norm_backward(c_.rows, c_.width, dy, dy_branch, norm.normalised, norm.scale, norm.gain,
                          mask_of(norm.mask), s_.dstream, s_.dbranch, norm.dgain, norm.dshift, norm.dbias);
}

template <class E>
void FusedLayer<E>::forward(RandomKey key, uint32_t step) {
  const int64_t elements = c_.rows * c_.width;
  c_.enter(StepPart::products);
  in_.forward();
  const kernels::Mask on_weights =
      draw(key, step, kAttentionWeights, shape_.windows * shape_.heads * shape_.length * shape_.length,
           weights_mask_);
  c_.enter(StepPart::attention);
  c_.kernel.attention(shape_, qkv_, qkv_bias_, on_weights, weights_, mixed_, s_.attention);
  c_.enter(StepPart::products);
  out_projection_.forward();
  add_and_norm(x_.stream, norm1_, draw(key, step, kAttentionOutput, elements, norm1_.mask), middle_);
  c_.enter(StepPart::products);
  linear1_.forward();
  const kernels::Mask on_hidden =
      draw(key, step, kInsideFeedForward, c_.rows * hidden_width_, s_.hidden_mask);
  c_.enter(StepPart::activation);
  c_.kernel.relu(c_.rows, hidden_width_, hidden_, hidden_bias_, on_hidden);
  c_.enter(StepPart::products);
  linear2_.forward();
  add_and_norm(middle_.stream, norm2_, draw(key, step, kFeedForwardOutput, elements, norm2_.mask), out_);
}

template <class E>
void FusedLayer<E>::backward(const float* dy, const E* dy_branch) {
  norm_backward(dy, dy_branch, norm2_);
  c_.enter(StepPart::products);
  linear2_.gradient();
  linear2_.backward();
  c_.enter(StepPart::activation);
  c_.kernel.relu_backward(c_.rows, hidden_width_, hidden_, kept_, s_.dhidden, dhidden_bias_);
  c_.enter(StepPart::products);
  linear1_.gradient();
  linear1_.backward();
  norm_backward(s_.dstream, s_.dx, norm1_);
  c_.enter(StepPart::products);
  out_projection_.gradient();
  out_projection_.backward();
  c_.enter(StepPart::attention);
  c_.kernel.attention_backward(shape_, qkv_, qkv_bias_, mask_of(weights_mask_), weights_, s_.dmixed, s_.dqkv,
                               dqkv_bias_, s_.attention);
  c_.enter(StepPart::products);
  in_.gradient();
  in_.backward();
}

template struct LayerScratch<float>;
template struct LayerScratch<kernels::bf16>;
template class FusedLayer<float>;
template class FusedLayer<kernels::bf16>;

}  // namespace ate
