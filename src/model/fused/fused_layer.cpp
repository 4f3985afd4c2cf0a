#include "model/fused/fused_layer.h"

#include "config/derived.h"

namespace ate {
namespace {

template <class E>
const LayerWeights<TensorId>& ids(const FusedContext<E>& c, int64_t layer) {
  return c.layout.weights.layers[static_cast<size_t>(layer)];
}

// The norm behind a layer's last sublayer in pre.
template <class E>
const LinearWeights<TensorId>& norm_behind(const FusedContext<E>& c, int64_t layer) {
  return layer + 1 < c.config.body.layers ? ids(c, layer + 1).norm1 : c.layout.weights.norm;
}
// The norms behind a layer's sublayers.
template <class E>
const LinearWeights<TensorId>& norm_after_attention(const FusedContext<E>& c, int64_t layer) {
  if (c.config.body.norm == Norm::post) return ids(c, layer).norm1;
  return hidden_width(c.config.body) > 0 ? ids(c, layer).norm2 : norm_behind(c, layer);
}
template <class E>
const LinearWeights<TensorId>& norm_after_feed_forward(const FusedContext<E>& c, int64_t layer) {
  return c.config.body.norm == Norm::post ? ids(c, layer).norm2 : norm_behind(c, layer);
}

uint32_t site_of(int64_t layer, Site which) { return static_cast<uint32_t>(layer) * kSites + which; }

}  // namespace

template <class E>
LayerScratch<E>::LayerScratch(FusedContext<E>& c) : feed_forward(c) {
  const auto operands = [&](int64_t columns) { return c.buffers.template take<E>(c.rows * columns); };
  branch = operands(c.width);
  dbranch = operands(c.width);
  dx = operands(c.width);
  dmixed = operands(c.width);
  dqkv = operands(in_projection_rows(c.config.body));
  dstream = c.buffers.template take<float>(c.rows * c.width);
  if (c.config.body.norm == Norm::pre) residual = c.buffers.template take<float>(c.rows * c.width);
}

template <class E>
FusedLayer<E>::FusedLayer(FusedContext<E>& c, LayerScratch<E>& s, int64_t index, const LayerRows<E>& x)
    : c_(c),
      s_(s),
      x_(x),
      middle_(c.layer_rows()),
      qkv_(c.buffers.template take<E>(c.rows * in_projection_rows(c.config.body))),
      mixed_(c.buffers.template take<E>(c.rows * c.width)),
      after_attention_(c, norm_after_attention(c, index), ids(c, index).out_projection.bias,
                       site_of(index, kAttentionOutput)) {
  const LayerWeights<TensorId>& w = ids(c, index);
  const int64_t d = c.width;
  const auto linear = [&](const LinearWeights<TensorId>& map, int64_t in, int64_t out, const E* input,
                          E* output, const E* doutput, E* dinput) {
    return LinearProducts<E>(c, c.operand(map.weight), c.gradient(map.weight), in, out, input, output,
                             doutput, dinput);
  };
  in_ = linear(w.in_projection, d, in_projection_rows(c.config.body), x_.operand, qkv_, s.dqkv, s.dx);
  out_projection_ = linear(w.out_projection, d, d, mixed_, s.branch, s.dbranch, s.dmixed);
  attention_ = make_fused_attention<E>(c, s.attention, index, {qkv_, mixed_, s.dmixed, s.dqkv});
  if (hidden_width(c.config.body) == 0) return;
  out_ = c.layer_rows();
  feed_forward_.emplace(c, s.feed_forward, index, middle_.operand, s.branch, s.dbranch, s.dx);
  after_feed_forward_.emplace(c, norm_after_feed_forward(c, index), w.linear2.bias,
                              site_of(index, kFeedForwardOutput));
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
  attention_->forward(key, step);
  c_.enter(StepPart::products);
  out_projection_.forward();
  add_and_norm(x_.stream, after_attention_, middle_, key, step);
  if (!feed_forward_) return;
  feed_forward_->forward(key, step);
  add_and_norm(middle_.stream, *after_feed_forward_, out_, key, step);
}

template <class E>
void FusedLayer<E>::backward(const float* dy, const E* dy_branch) {
  if (feed_forward_) {
    norm_backward(dy, dy_branch, *after_feed_forward_);
    feed_forward_->backward();
    dy = s_.dstream;
    dy_branch = s_.dx;
  }
  norm_backward(dy, dy_branch, after_attention_);
  c_.enter(StepPart::products);
  out_projection_.gradient();
  out_projection_.backward();
  attention_->backward();
  c_.enter(StepPart::products);
  in_.gradient();
  in_.backward();
}

template struct LayerScratch<float>;
template struct LayerScratch<kernels::bf16>;
template class FusedLayer<float>;
template class FusedLayer<kernels::bf16>;

}  // namespace ate
