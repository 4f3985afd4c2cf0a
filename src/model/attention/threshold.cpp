// threshold: a query passes over blocks of keys from the first to the last, and skips each whose largest score is more than
// attention.drop nats below the largest so far (the test of SpargeAttn, Zhang et al. 2025, between the scores of a tile and
// its values). The last attention.k keys are always read, without a causal mask the nearest. Every score is computed: what
// can be saved is the work on values, and exponentials.
//
// A block with the largest score so far is read, so a skipped key has at most exp(-drop) of the largest term of the
// softmax's sum Z; with n of them skipped they hold at most x / (x + Z) of the attention, x = n exp(largest - drop).
#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "model/attention/key_blocks.h"

namespace ate {
namespace {

constexpr KindSetting kThresholdSettings[] = {
    kBlockSetting,
    {"drop", 10.0, between(0, 1e6), "nats below the largest score so far at which a block is skipped"}};

class Threshold : public BlockReader {
 public:
  explicit Threshold(const Config& config)
      : BlockReader(config.attention.own.whole("block")),
        k_(config.attention.k),
        drop_(config.attention.own.real("drop")) {}

  at::Tensor skipped_bound(const HeadInputs& x) const override {
    const at::Tensor scores = x.scores().detach();
    const at::Tensor skipped = kept(x, scores).logical_not().unsqueeze(-1);
    const at::Tensor blocks = scores_in_blocks(scores, block_);
    const at::Tensor count = skipped.logical_and(blocks.isneginf().logical_not()).flatten(-2).sum(-1);
    const at::Tensor sum = blocks.masked_fill(skipped, -INFINITY).flatten(-2).logsumexp(-1);
    const at::Tensor error = rounding_error(x, scores.scalar_type(), scores.size(-1)).squeeze(-1);
    return (count.log() + scores.amax(-1) - drop_ - sum + 2 * error).sigmoid();
  }

 protected:
  at::Tensor kept(const HeadInputs& x, const at::Tensor& scores) const override {
    const int64_t length = scores.size(-1);
    const at::Tensor largest = scores_in_blocks(scores, block_).amax(-1);  // [N, H, T, blocks]
    // Not: less. What is no number is read.
    const at::Tensor low = largest.lt(std::get<0>(largest.cummax(-1)) - drop_);
    const int64_t blocks = largest.size(-1);
    const int64_t near = k_ >= length ? blocks : std::max<int64_t>(1, k_ / block_);
    const auto whole = scores.options().dtype(at::kLong);
    const at::Tensor own = at::arange(length, whole).floor_divide(block_).unsqueeze(1);
    const at::Tensor is_near = (own - at::arange(blocks, whole)).abs() < near;
    return low.logical_not().logical_or(is_near).logical_or(
        finite_blocks(x, block_).logical_not().unsqueeze(2));
  }

 private:
  int64_t k_;
  double drop_;
};

}  // namespace

extern const AttentionDescription threshold_attention;
constinit const AttentionDescription threshold_attention = {
    .name = "threshold",
    .help = "blocks of keys but those whose scores are all far below the largest before them",
    .settings = kThresholdSettings,
    .check =
        [](const Config& config) {
          return attention_at_most("block", config.attention.own.whole("block"), config.windows.length,
                                   "positions of a window");
        },
    .fit_student =
        [](const Config& teacher, AttentionConfig& student) {
          student.own.set("block", std::min(student.own.whole("block"), teacher.windows.length));
        },
    .flops = [](const Config& config) { return exact_flops(config, config.windows.length); },
    .make = [](const Config& config, const FindParameter&) -> std::unique_ptr<SparseAttention> {
      return std::make_unique<Threshold>(config);
    },
};

}  // namespace ate
