// A norm of a fused step with what comes before it: a sublayer's branch, its bias and dropout, and the residual sum.
#pragma once

#include "model/fused/context.h"

namespace ate {

template <class E>
class FusedNorm {
 public:
  // Without a weight: no norm, only what comes before it.
  FusedNorm(FusedContext<E>& context, const LinearWeights<TensorId>& norm);
  // Behind a branch with this bias, whose dropout is that of `site` of all layers' sites.
  FusedNorm(FusedContext<E>& context, const LinearWeights<TensorId>& norm, TensorId bias_of_branch,
            uint32_t site);

  // out = norm(s), where s = residual + mask * (branch + bias), or the residual alone without a branch. `sum`: takes s;
  // nullptr: not wanted.
  void forward(const float* residual, const E* branch, float* sum, const LayerRows<E>& out, RandomKey key,
               uint32_t step) const;
  // From the gradient dy + dy_branch of `out` and dsum of `sum` (each may be nullptr) to that of s, ds, and of the branch,
  // dbranch (nullptr without one). ds may be dy or dsum.
  void backward(const float* dy, const E* dy_branch, const float* dsum, float* ds, E* dbranch) const;

 private:
  FusedContext<E>& c_;
  kernels::NormKind kind_;
  const float *gain_, *shift_, *bias_ = nullptr;
  float *dgain_, *dshift_, *dbias_ = nullptr;
  float *normalised_, *scale_;
  uint32_t site_ = 0;
  uint8_t* mask_ = nullptr;  // of the branch
};

}  // namespace ate
