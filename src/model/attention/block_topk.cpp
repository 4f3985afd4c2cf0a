// block_topk: keys in blocks of b; a query scores the mean key of each block that lies wholly before its own, and
// reads the best ones and, always, its own block: max(1, k / b) blocks in all, or all of them when k >= T (Lu et al.
// 2025, MoBA; Yuan et al. 2025, NSA). Without a causal mask every block is scored. The last block may be shorter.
// Nothing is learned but through the keys that are read.
#include <ATen/ATen.h>

#include <algorithm>
#include <limits>

#include "config/kernels.h"
#include "model/attention/key_blocks.h"

namespace ate {
namespace {

constexpr KindSetting kBlockSettings[] = {kBlockSetting};

constexpr int64_t kStudentBlock = 2;  // small, as its budget is

// Blocks of a window, and those that a position reads.
struct Blocks {
  Blocks(int64_t length, int64_t k, int64_t block)
      : all((length + block - 1) / block), chosen(k >= length ? all : std::max<int64_t>(1, k / block)) {}
  int64_t all, chosen;
};

class BlockTopK : public SparseAttention {
 public:
  explicit BlockTopK(const Config& config)
      : k_(config.attention.k),
        block_(config.attention.own.whole("block")),
        flash_(flash_wanted(config) && blocks_have_flash(config)) {}

  std::optional<FlashReads> flash_reads(int64_t length) const override {
    if (!flash_) return std::nullopt;
    return FlashReads{.blocks_read = Blocks(length, k_, block_).chosen, .block = block_};
  }

  Selection select(const HeadInputs& x) const override {
    const int64_t n = x.queries.size(0);
    const int64_t heads = x.queries.size(1);
    const int64_t length = x.queries.size(2);
    const auto [blocks, chosen] = Blocks(length, k_, block_);
    const auto options = x.queries.options().dtype(at::kLong);
    const bool causal = x.is_causal();
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
  bool flash_;
};

// Means, scores of every block, exact attention over whole blocks.
double block_flops(const Config& config) {
  const int64_t block = config.attention.own.whole("block");
  const Blocks blocks(config.windows.length, config.attention.k, block);
  const auto width = static_cast<double>(config.body.width / config.body.heads);
  return width + 2 * static_cast<double>(blocks.all) * width + exact_flops(config, blocks.chosen * block);
}

}  // namespace

extern const AttentionDescription block_topk_attention;
constinit const AttentionDescription block_topk_attention = {
    .name = "block_topk",
    .help = "means of blocks of keys choose k / block blocks, then exact attention inside them",
    .settings = kBlockSettings,
    .check =
        [](const Config& config) {
          return attention_at_most("block", config.attention.own.whole("block"), config.attention.k,
                                   "keys that a position reads");
        },
    .fit_student =
        [](const Config& teacher, AttentionConfig& student) {
          const int64_t block =
              teacher.attention.kind == student.kind ? student.own.whole("block") : kStudentBlock;
          student.own.set("block", std::min(block, student.k));
        },
    .flops = block_flops,
    .has_flash = blocks_have_flash,
    .make = [](const Config& config, const FindParameter&) -> std::unique_ptr<SparseAttention> {
      return std::make_unique<BlockTopK>(config);
    },
};

}  // namespace ate
