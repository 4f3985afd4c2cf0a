// A post-norm encoder layer in a fused step: x -> norm(x + attention(x)) -> norm(that + feed-forward(that)).
#pragma once

#include "model/fused/context.h"

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
  uint8_t* hidden_mask;  // that relu has applied; backward needs no mask
};

template <class E>
class FusedLayer {
 public:
  // Reads x, the output of the layer below.
  FusedLayer(FusedContext<E>& context, LayerScratch<E>& scratch, int64_t index, const LayerRows<E>& x);

  const LayerRows<E>& output() const { return out_; }

  void forward(RandomKey key, uint32_t step);
  // From the gradient dy + dy_branch of the output (dy may be nullptr) to that of the input, scratch.dstream +
  // scratch.dx.
  void backward(const float* dy, const E* dy_branch);

 private:
  // The LayerNorm after a sublayer, and what backward needs of it.
  struct Norm {
    Norm(FusedContext<E>& c, const LinearWeights<TensorId>& norm, TensorId bias_of_branch);
    const float *gain, *shift, *bias;
    float *dgain, *dshift, *dbias;
    float *normalised, *scale;
    uint8_t* mask;  // of the branch
  };

  // The mask of a site, drawn into `bits`.
  kernels::Mask draw(RandomKey key, uint32_t step, uint32_t site, int64_t elements, uint8_t* bits) const;
  kernels::Mask mask_of(const uint8_t* bits) const;
  void add_and_norm(const float* residual, const Norm& norm, const kernels::Mask& mask,
                    const LayerRows<E>& out);
  void norm_backward(const float* dy, const E* dy_branch, const Norm& norm);

  FusedContext<E>& c_;
  LayerScratch<E>& s_;
  kernels::AttentionShape shape_;
  int64_t hidden_width_;
  uint32_t first_site_;
  float kept_;
  LayerRows<E> x_, middle_, out_;
  E *qkv_, *mixed_, *hidden_;
  float* weights_;  // of attention, before dropout
  uint8_t* weights_mask_;
  const float *qkv_bias_, *hidden_bias_;
  float *dqkv_bias_, *dhidden_bias_;
  Norm norm1_, norm2_;
  LinearProducts<E> in_, out_projection_, linear1_, linear2_;
};

}  // namespace ate
