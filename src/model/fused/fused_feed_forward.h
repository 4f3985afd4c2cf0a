// The feed-forward block of a layer in a fused step, up to its branch.
#pragma once

#include "model/fused/context.h"

namespace ate {

// Arrays that the layers' blocks use in turn.
template <class E>
struct FeedForwardScratch {
  explicit FeedForwardScratch(FusedContext<E>& context);

  E *dhidden, *dgate = nullptr;  // [M, f]
  uint8_t* hidden_mask;          // that relu has applied; backward needs no mask
};

template <class E>
class FusedFeedForward {
 public:
  // x: [M, d], branch: [M, d] without its bias; dbranch becomes dx.
  FusedFeedForward(FusedContext<E>& context, FeedForwardScratch<E>& scratch, int64_t layer, const E* x,
                   E* branch, const E* dbranch, E* dx);

  void forward(RandomKey key, uint32_t step);
  void backward();

 private:
  struct Bias {
    const float* values;
    float* gradient;
  };

  void activate(const kernels::Mask& mask);
  void activate_backward(const kernels::Mask& mask);

  FusedContext<E>& c_;
  FeedForwardScratch<E>& s_;
  Activation activation_;
  int64_t width_;
  uint32_t site_;
  E *inner_, *hidden_;  // before and after the activation; one array for ReLU, whose backward needs no more
  E* gate_ = nullptr;   // of SwiGLU, before the activation
  uint8_t* mask_;
  Bias bias_{}, gate_bias_{};
  LinearProducts<E> linear1_, gate_products_, linear2_;
};

}  // namespace ate
