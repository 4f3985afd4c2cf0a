#include "model/fused/fused_norm.h"

namespace ate {

template <class E>
FusedNorm<E>::FusedNorm(FusedContext<E>& c, const LinearWeights<TensorId>& norm)
    : c_(c),
      gain_(c.weight(norm.weight)),
      shift_(c.weight(norm.bias)),
      dgain_(c.gradient(norm.weight)),
      dshift_(c.gradient(norm.bias)),
      normalised_(c.buffers.template take<float>(c.rows * c.width)),
      scale_(c.buffers.template take<float>(c.rows)) {}

template <class E>
FusedNorm<E>::FusedNorm(FusedContext<E>& c, const LinearWeights<TensorId>& norm, TensorId bias_of_branch,
                        uint32_t site)
    : FusedNorm(c, norm) {
  bias_ = c.weight(bias_of_branch);
  dbias_ = c.gradient(bias_of_branch);
  site_ = site;
  mask_ = c.buffers.template take<uint8_t>(kernels::mask_bytes(c.rows * c.width));
}

template <class E>
void FusedNorm<E>::forward(const float* residual, const E* branch, float* sum, const LayerRows<E>& out,
                           RandomKey key, uint32_t step) const {
  const kernels::Mask mask =
      mask_ == nullptr ? kernels::Mask{} : c_.draw(key, step, site_, c_.rows * c_.width, mask_);
  c_.enter(StepPart::norms);
  c_.kernel.norm(c_.rows, c_.width, residual, branch, bias_, mask, gain_, shift_, normalised_, scale_, sum,
                 out.stream, out.operand);
}

template <class E>
void FusedNorm<E>::backward(const float* dy, const E* dy_branch, const float* dsum, float* ds,
                            E* dbranch) const {
  c_.enter(StepPart::norms);
  const kernels::Mask mask = mask_ == nullptr ? kernels::Mask{} : c_.mask(site_, mask_);
  c_.kernel.norm_backward(c_.rows, c_.width, dy, dy_branch, dsum, normalised_, scale_, gain_, mask, ds,
                          dbranch, dgain_, dshift_, dbias_);
}

template class FusedNorm<float>;
template class FusedNorm<kernels::bf16>;

}  // namespace ate
