#include "measure/mlp_topk.h"

#include <ATen/ATen.h>

#include <cmath>
#include <limits>

namespace ate {
namespace {

at::Tensor weights(int64_t heads, int64_t in, int64_t out, at::TensorOptions options) {
  return at::randn({heads, in, out}, options) / std::sqrt(static_cast<double>(in));
}

}  // namespace

MlpTopK::MlpTopK(const Shape& shape, at::TensorOptions options) : keys_(shape.keys) {
  const int64_t size = shape.head_size();
  selector_in_ = weights(shape.heads, size, shape.hidden, options);
  selector_out_ = weights(shape.heads, shape.hidden, shape.length, options);
  approximator_in_ = weights(shape.heads, shape.keys * size, shape.hidden, options);
  approximator_out_ = weights(shape.heads, shape.hidden, size, options);
}

// Heads come first throughout, [H, B T, ...]: one product for each head over the tokens of all sequences,
// so that its weights are never copied.
at::Tensor MlpTopK::operator()(const at::Tensor& queries, const at::Tensor& values,
                               const at::Tensor& hidden) const {
  const int64_t batch = values.size(0);
  const int64_t heads = values.size(1);
  const int64_t length = values.size(2);
  const int64_t size = values.size(3);
  at::Tensor positions;  // [H, B, T, k]
  at::Tensor absent;     // the same: chosen for want of k positions that the query may look at
  {
    const at::Tensor tokens = queries.transpose(0, 1).reshape({heads, batch * length, size});
    at::Tensor logits =
        at::bmm(at::bmm(tokens, selector_in_).relu_(), selector_out_).view({heads, batch, length, length});
    if (hidden.defined()) logits.masked_fill_(hidden, -std::numeric_limits<double>::infinity());
    at::Tensor best;
    std::tie(best, positions) = logits.topk(keys_, -1, /*largest=*/true, /*sorted=*/false);
    if (hidden.defined()) absent = best.isinf();
  }
  at::Tensor selected = values.transpose(0, 1).gather(
      2, positions.view({heads, batch, length * keys_, 1}).expand({heads, batch, length * keys_, size}));
  if (absent.defined())
    selected.view({heads, batch, length, keys_, size}).masked_fill_(absent.unsqueeze(-1), 0);
  const at::Tensor mixed =
      at::bmm(selected.view({heads, batch * length, keys_ * size}), approximator_in_).relu_();
  return at::bmm(mixed, approximator_out_).view({heads, batch, length, size}).transpose(0, 1);
}

}  // namespace ate
