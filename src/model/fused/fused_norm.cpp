#include "model/fused/fused_norm.h"

#include <algorithm>

namespace ate {
namespace {

kernels::NormKind kind_of(const BodyConfig& body, const LinearWeights<TensorId>& norm) {
  if (!norm.weight) return kernels::NormKind::none;
  return body.normalisation == Normalisation::rms ? kernels::NormKind::rms : kernels::NormKind::layer;
}

template <class E>
const float* gain_of(FusedContext<E>& c, const LinearWeights<TensorId>& norm) {
  if (norm.weight) return c.weight(norm.weight);
  float* const ones = c.buffers.template take<float>(c.width);
  std::fill_n(ones, c.width, 1.0F);
  return ones;
}

}  // namespace

template <class E>
FusedNorm<E>::FusedNorm(FusedContext<E>& c, const LinearWeights<TensorId>& norm)
    : c_(c),
      kind_(kind_of(c.config.body, norm)),
      gain_(gain_of(c, norm)),
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
  c_.kernel.norm(kind_, c_.rows, c_.width, residual, branch, bias_, mask, gain_, shift_, normalised_, scale_,
                 sum, out.stream, out.operand);
}

template <class E>
void FusedNorm<E>::backward(const float* dy, const E* dy_branch, const float* dsum, float* ds,
                            E* dbranch) const {
  c_.enter(StepPart::norms);
  const kernels::Mask mask = mask_ == nullptr ? kernels::Mask{} : c_.mask(site_, mask_);
  c_.kernel.norm_backward(kind_, c_.rows, c_.width, dy, dy_branch, dsum, normalised_, scale_, gain_, mask, ds,
                          dbranch, dgain_, dshift_, dbias_);
}

template class FusedNorm<float>;
template class FusedNorm<kernels::bf16>;

}  // namespace ate
