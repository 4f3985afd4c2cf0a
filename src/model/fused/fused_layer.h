// An encoder layer in a fused step. With a sublayer's branch comes the norm behind its residual sum:
//   post: x -> norm1(x + attention(x)) -> norm2(that + feed-forward(that)).
//   pre:  the stream s goes by, and x = norm1(s) comes in normed: s += attention(x), norm2(s) = y, s += feed-forward(y), and
//         out goes norm(s) by the next layer's norm1 or the last norm.
#pragma once

#include "model/fused/context.h"
#include "model/fused/fused_norm.h"

namespace ate {

// Arrays that all layers use in turn.
template <class E>
struct LayerScratch {
  explicit LayerScratch(FusedContext<E>& context);

  E* branch;       // [M, d] what a sublayer adds to the stream, before its bias
  E* dbranch;      // [M, d] its gradient
  E* dx;           // [M, d] a sublayer's part of the gradient of its input
  E* dmixed;       // [M, d] gradient of attention's output before the out-projection
  E* dhidden;      // [M, f]
  E* dqkv;         // [M, 3 d]
  float* dstream;  // [M, d] gradient of the stream; dx is to be added
  float* attention;
  float* residual = nullptr;  // [M, d] the stream of pre-norm layers, each adding to it
  uint8_t* hidden_mask;       // that relu has applied; backward needs no mask
};

template <class E>
class FusedLayer {
 public:
  // Reads x, the output of the layer below.
  FusedLayer(FusedContext<E>& context, LayerScratch<E>& scratch, int64_t index, const LayerRows<E>& x);

  const LayerRows<E>& output() const { return out_; }

  void forward(RandomKey key, uint32_t step);
  // post: from the gradient dy + dy_branch of the output (dy may be nullptr) to that of the input, scratch.dstream +
  // scratch.dx. pre: from dy_branch of the output and dy of the stream to scratch.dx and scratch.dstream.
  void backward(const float* dy, const E* dy_branch);

 private:
  bool pre() const { return c_.config.body.norm == Norm::pre; }
  bool gelu() const { return c_.config.body.activation == Activation::gelu; }
  void add_and_norm(const float* residual, const FusedNorm<E>& norm, const LayerRows<E>& out, RandomKey key,
                    uint32_t step);
  void norm_backward(const float* dy, const E* dy_branch, const FusedNorm<E>& norm);

  FusedContext<E>& c_;
  LayerScratch<E>& s_;
  kernels::AttentionShape shape_;
  int64_t hidden_width_;
  uint32_t first_site_;
  LayerRows<E> x_, middle_, out_;
  E *qkv_, *mixed_;
  E *inner_, *hidden_;  // before and after the activation; one array for ReLU, whose backward needs no more
  float* weights_;      // of attention, before dropout
  uint8_t *weights_mask_, *hidden_mask_;
  const float *qkv_bias_, *hidden_bias_;
  float *dqkv_bias_, *dhidden_bias_;
  FusedNorm<E> after_attention_, after_feed_forward_;
  LinearProducts<E> in_, out_projection_, linear1_, linear2_;
};

}  // namespace ate
