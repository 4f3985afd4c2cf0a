#include "model/attention/key_blocks.h"

#include <ATen/ATen.h>

#include <limits>

#include "kernels/cpu/flash_attention.h"

namespace ate {
namespace {

constexpr double kNegativeInfinity = -std::numeric_limits<double>::infinity();

// Half the distance from 1 to the next number.
double unit_roundoff(at::ScalarType type) {
  switch (type) {
    case at::kDouble:
      return std::numeric_limits<double>::epsilon() / 2;
    case at::kBFloat16:
      return 0x1p-8;
    case at::kHalf:
      return 0x1p-11;
    default:
      return std::numeric_limits<float>::epsilon() / 2;
  }
}

int64_t missing(int64_t length, int64_t block) { return (block - length % block) % block; }

}  // namespace

Selection BlockReader::select(const HeadInputs& x) const {
  const at::Tensor scores = x.scores().detach();
  at::Tensor read = kept_keys(x, scores);
  if (x.mask.defined()) read = read.logical_and(x.mask.isneginf().logical_not());
  const auto most = read.sum(-1).max().item<int64_t>();
  // Positions that are read come first, in their order.
  const at::Tensor positions =
      read.logical_not().to(at::kInt).argsort(/*stable=*/true, -1).narrow(-1, 0, most);
  return {positions, read.gather(-1, positions).logical_not()};
}

at::Tensor BlockReader::attend(const HeadInputs& x, const WeightDropout* dropout) const {
  if (dropout == nullptr && is_linear(x.queries)) return SparseAttention::attend(x, dropout);
  const at::Tensor scores = x.scores();
  const at::Tensor skipped = kept_keys(x, scores.detach()).logical_not();
  at::Tensor weights = scores.masked_fill(skipped, kNegativeInfinity).softmax(-1);
  if (dropout != nullptr) weights = (*dropout)(weights);
  return at::matmul(weights, x.values);
}

at::Tensor BlockReader::kept_keys(const HeadInputs& x, const at::Tensor& scores) const {
  return kept(x, scores).repeat_interleave(block_, -1).narrow(-1, 0, scores.size(-1));
}

bool blocks_have_flash(const Config& config) {
  return kernels::FlashShape::can_choose_blocks_of(config.attention.own.whole("block"));
}

at::Tensor in_blocks(const at::Tensor& rows, int64_t block) {
  return at::constant_pad_nd(rows, {0, 0, 0, missing(rows.size(2), block)}).unflatten(2, {-1, block});
}

at::Tensor scores_in_blocks(const at::Tensor& scores, int64_t block) {
  return at::constant_pad_nd(scores, {0, missing(scores.size(3), block)}, kNegativeInfinity)
      .unflatten(3, {-1, block});
}

at::Tensor finite_blocks(const HeadInputs& x, int64_t block) {
  const auto all = [&](const at::Tensor& rows) {
    return in_blocks(rows.detach(), block).isfinite().flatten(-2).all(-1);
  };
  return all(x.keys).logical_and(all(x.values));
}

at::Tensor rounding_error(const HeadInputs& x, at::ScalarType type, int64_t terms) {
  const double roundoff = unit_roundoff(type);
  const at::Tensor norm = x.keys.detach().norm(2, -1);
  const at::Tensor largest =
      x.is_causal() ? std::get<0>(norm.cummax(-1)) : norm.amax(-1, true).expand_as(norm);
  const double of_product = 16 * roundoff * static_cast<double>(x.keys.size(3) + 8) * x.scale;
  return of_product * (x.queries.detach().norm(2, -1) * largest).unsqueeze(-1) +
         4 * roundoff * static_cast<double>(terms);
}

}  // namespace ate
