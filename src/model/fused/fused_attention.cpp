#include "model/fused/fused_attention.h"

#include <cmath>
#include <optional>

#include "config/kernels.h"

namespace ate {
namespace {

using kernels::AttentionShape;
using kernels::HeadArrays;

// Dense attention with all its weights in memory, over rows of T: queries, keys and values side by side.
template <class E, class T>
class WholeWeights {
 public:
  WholeWeights(FusedContext<E>& c, AttentionScratch& s, int64_t layer, const AttentionShape& shape)
      : c_(c),
        kernel_(kernels_of<T>(c.set)),
        shape_(shape),
        site_(static_cast<uint32_t>(layer) * kSites + kAttentionWeights),
        weights_(c.buffers.template take<float>(shape.weights())),
        mask_(c.buffers.template take<uint8_t>(kernels::mask_bytes(elements()))),
        work_(s.work(c.buffers, shape.scratch())) {}

  void forward(const T* qkv, const float* bias, T* out, RandomKey key, uint32_t step) const {
    const kernels::Mask mask = c_.draw(key, step, site_, elements(), mask_);
    c_.enter(StepPart::attention);
    kernel_.attention(shape_, qkv, bias, mask, weights_, out, work_);
  }
  void backward(const T* qkv, const float* bias, const T* dout, T* dqkv, float* dbias) const {
    kernel_.attention_backward(shape_, qkv, bias, c_.mask(site_, mask_), weights_, dout, dqkv, dbias, work_);
  }

 private:
  int64_t elements() const { return shape_.windows * shape_.heads * shape_.length * shape_.length; }

  FusedContext<E>& c_;
  const kernels::Kernels<T>& kernel_;
  AttentionShape shape_;
  uint32_t site_;
  float* weights_;  // before dropout
  uint8_t* mask_;
  float* work_;
};

// On the projection's rows as they are.
template <class E>
class AttentionOverRows final : public FusedAttention<E> {
 public:
  AttentionOverRows(FusedContext<E>& c, AttentionScratch& s, int64_t layer, const AttentionRows<E>& rows)
      : c_(c),
        rows_(rows),
        bias_(c.layout.weights.layers[static_cast<size_t>(layer)].in_projection.bias),
        attention_(c, s, layer,
                   {c.config.windows.batch, c.config.windows.length, c.config.body.heads,
                    head_width(c.config.body), c.config.body.causal}) {}

  void forward(RandomKey key, uint32_t step) override {
    attention_.forward(rows_.qkv, c_.weight(bias_), rows_.mixed, key, step);
  }
  void backward() override {
    c_.enter(StepPart::attention);
    attention_.backward(rows_.qkv, c_.weight(bias_), rows_.dmixed, rows_.dqkv, c_.gradient(bias_));
  }

 private:
  FusedContext<E>& c_;
  AttentionRows<E> rows_;
  TensorId bias_;
  WholeWeights<E, E> attention_;
};

// On heads that are split off the rows, normed and turned as the body says.
template <class E>
class AttentionOverHeads final : public FusedAttention<E> {
 public:
  AttentionOverHeads(FusedContext<E>& c, AttentionScratch& s, int64_t layer, bool elsewhere,
                     const AttentionRows<E>& rows)
      : c_(c), layer_(static_cast<size_t>(layer)), rows_(rows), ids_(c.layout.weights.layers[layer_]) {
    const BodyConfig& body = c.config.body;
    const int64_t hd = head_width(body);
    map_ = {c.config.windows.batch, c.config.windows.length, body.heads, key_value_heads(body), hd};
    if (body.qk_norm) {
      map_.query_gain = c.weight(ids_.query_norm.weight);
      map_.key_gain = c.weight(ids_.key_norm.weight);
    }
    if (body.positions == Positions::rotary) take_angles();
    const int64_t heads = map_.windows * map_.heads;
    const int64_t count = heads * map_.length * hd;
    if (!elsewhere) attention_.emplace(c, s, layer, AttentionShape{heads, map_.length, 1, hd, body.causal});
    heads_ = arrays(c.buffers.template take<float>(3 * count));
    dheads_ = arrays(s.dheads(c.buffers, 3 * count));
    mixed_ = s.heads(c.buffers, count);
  }

  void forward(RandomKey key, uint32_t step) override {
    c_.enter(StepPart::attention);
    c_.kernel.split_heads(map_, rows_.qkv, c_.weight(ids_.in_projection.bias), heads_);
    if (attention_)
      attention_->forward(heads_.queries, c_.no_bias, mixed_, key, step);
    else
      c_.attention->forward(layer_, heads_, mixed_, key, step);
    c_.kernel.join_heads(map_, mixed_, rows_.mixed);
  }

  void backward() override {
    c_.enter(StepPart::attention);
    c_.kernel.join_heads_backward(map_, rows_.dmixed, mixed_);
    if (attention_)
      attention_->backward(heads_.queries, c_.no_bias, mixed_, dheads_.queries, c_.no_dbias);
    else
      c_.attention->backward(layer_, mixed_, dheads_);
    c_.kernel.split_heads_backward(map_, rows_.qkv, c_.weight(ids_.in_projection.bias), dheads_,
                                   {rows_.dqkv, c_.gradient(ids_.in_projection.bias),
                                    c_.gradient(ids_.query_norm.weight), c_.gradient(ids_.key_norm.weight)});
  }

 private:
  // Where the weights are kept here, side by side as the kernel reads them; else one after the other.
  HeadArrays arrays(float* x) const {
    const int64_t hd = map_.head_width;
    const int64_t apart = attention_ ? hd : map_.windows * map_.heads * map_.length * hd;
    return {x, x + apart, x + 2 * apart, attention_ ? 3 * hd : hd};
  }

  void take_angles() {
    const int64_t half = map_.head_width / 2;
    float* const cosines = c_.buffers.template take<float>(map_.length * half);
    float* const sines = c_.buffers.template take<float>(map_.length * half);
    for (int64_t t = 0; t < map_.length; ++t)
      for (int64_t i = 0; i < half; ++i) {
        const double turns = std::pow(c_.config.body.rotary_base,
                                      -2 * static_cast<double>(i) / static_cast<double>(map_.head_width));
        cosines[t * half + i] = static_cast<float>(std::cos(static_cast<double>(t) * turns));
        sines[t * half + i] = static_cast<float>(std::sin(static_cast<double>(t) * turns));
      }
    map_.cosines = cosines;
    map_.sines = sines;
  }

  FusedContext<E>& c_;
  size_t layer_;
  AttentionRows<E> rows_;
  const LayerWeights<TensorId>& ids_;
  kernels::HeadsMap map_;
  HeadArrays heads_, dheads_;
  float* mixed_;                                     // [windows, heads, T, head_width], then its gradient
  std::optional<WholeWeights<E, float>> attention_;  // none: the context's, elsewhere
};

}  // namespace

template <class E>
std::unique_ptr<FusedAttention<E>> make_fused_attention(FusedContext<E>& c, AttentionScratch& s,
                                                        int64_t layer, const AttentionRows<E>& rows) {
  const BodyConfig& body = c.config.body;
  const bool elsewhere = attention_kernels(c.config, layer) != AttentionKernels::fused;
  if (elsewhere || body.qk_norm || body.positions == Positions::rotary || key_value_heads(body) != body.heads)
    return std::make_unique<AttentionOverHeads<E>>(c, s, layer, elsewhere, rows);
  return std::make_unique<AttentionOverRows<E>>(c, s, layer, rows);
}

template std::unique_ptr<FusedAttention<float>> make_fused_attention(FusedContext<float>&, AttentionScratch&,
                                                                     int64_t, const AttentionRows<float>&);
template std::unique_ptr<FusedAttention<kernels::bf16>> make_fused_attention(
    FusedContext<kernels::bf16>&, AttentionScratch&, int64_t, const AttentionRows<kernels::bf16>&);

}  // namespace ate
