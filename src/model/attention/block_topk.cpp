#include <ATen/ATen.h>

#include <algorithm>
#include <limits>

#include "model/attention/kinds.h"

namespace ate {
namespace {

class BlockTopK : public SparseAttention {
 public:
  explicit BlockTopK(const AttentionConfig& config) : k_(config.k), block_(config.block) {}

  Selection select(const HeadInputs& x) const override {
    const int64_t n = x.queries.size(0);
    const int64_t heads = x.queries.size(1);
    const int64_t length = x.queries.size(2);
    const int64_t blocks = (length + block_ - 1) / block_;
    const int64_t chosen = k_ >= length ? blocks : std::max<int64_t>(1, k_ / block_);
    const auto options = x.queries.options().dtype(at::kLong);
    const bool causal = x.mask.defined();
    constexpr double kInfinity = std::numeric_limits<double>::infinity();

    // The mean key of each block. Keys that fill up the last block are zeros, and not counted.
    const at::Tensor start = at::arange(blocks, options) * block_;
    const at::Tensor count = (length - start).clamp_max(block_);
    const at::Tensor means = at::constant_pad_nd(x.keys.detach(), {0, 0, 0, blocks * block_ - length})
                                 .view({n, heads, blocks, block_, x.keys.size(3)})
                                 .sum(3) /
                             count.unsqueeze(-1);
    at::Tensor scores = at::matmul(x.queries.detach(), means.transpose(2, 3));  // [N, H, T, blocks]
    const at::Tensor own = at::arange(length, options).floor_divide(block_).unsqueeze(1);
    const at::Tensor block = at::arange(blocks, options).unsqueeze(0);
    if (causal) scores = scores.masked_fill(block > own, -kInfinity);
    scores = scores.masked_fill(block == own, kInfinity);
    const auto [best, best_blocks] = scores.topk(chosen, -1, /*largest=*/true, /*sorted=*/false);

    const at::Tensor inside = at::arange(block_, options);
    const std::vector<int64_t> shape = {n, heads, length, chosen * block_};
    const at::Tensor positions = (best_blocks.unsqueeze(-1) * block_ + inside).view(shape);
    at::Tensor absent =
        (best == -kInfinity).unsqueeze(-1).expand({n, heads, length, chosen, block_}).reshape(shape);
    absent = absent.logical_or(causal ? positions > at::arange(length, options).unsqueeze(1)
                                      : positions >= length);
    return {positions.clamp_max(length - 1), absent};
  }

 private:
  int64_t k_, block_;
};

}  // namespace

std::unique_ptr<SparseAttention> make_block_topk(const AttentionConfig& config) {
  return std::make_unique<BlockTopK>(config);
}

}  // namespace ate
