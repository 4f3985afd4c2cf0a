// certified: a query reads blocks of keys until a bound says that all others together hold at most attention.epsilon of its
// attention (certified.h); at least attention.k keys, more where the bound needs them, so k = T is dense attention. Nothing
// is learned but through the keys that are read. As plain operations every score is computed.
#include "model/attention/certified.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <limits>

#include "config/kernels.h"
#include "model/attention/key_blocks.h"

namespace ate {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

constexpr KindSetting kCertifiedSettings[] = {
    kBlockSetting,
    {"epsilon", 0.01, between(1e-12, 0.9), "largest share of the attention that may be on keys not read"}};

int64_t block_of(const Config& config) { return config.attention.own.whole("block"); }

class Certified : public BlockReader {
 public:
  explicit Certified(const Config& config)
      : BlockReader(block_of(config)),
        k_(config.attention.k),
        epsilon_(config.attention.own.real("epsilon")),
        flash_(flash_wanted(config) && blocks_have_flash(config)) {}

  std::optional<FlashReads> flash_reads(int64_t length) const override {
    if (!flash_) return std::nullopt;
    return FlashReads{.blocks_read = reads(length).least, .block = block_, .epsilon = epsilon_};
  }

  at::Tensor skipped_bound(const HeadInputs& x) const override {
    return certify(x, x.scores().detach(), reads(x.queries.size(2))).share;
  }

 protected:
  at::Tensor kept(const HeadInputs& x, const at::Tensor& scores) const override {
    return certify(x, scores, reads(x.queries.size(2))).kept;
  }

 private:
  CertifiedReads reads(int64_t length) const {
    return {block_, k_ >= length ? length : std::max<int64_t>(1, k_ / block_), epsilon_};
  }

  int64_t k_;
  double epsilon_;
  bool flash_;
};

// Products with all centres and, at the most, all keys.
double certified_flops(const Config& config) {
  const auto width = static_cast<double>(config.body.width / config.body.heads);
  const auto blocks = static_cast<double>((config.windows.length + block_of(config) - 1) / block_of(config));
  return width + 2 * blocks * width + exact_flops(config, config.windows.length);
}

}  // namespace

Certificate certify(const HeadInputs& x, const at::Tensor& scores, const CertifiedReads& reads) {
  const int64_t length = x.queries.size(2);
  const int64_t block = reads.block;
  const int64_t blocks = (length + block - 1) / block;
  const bool causal = x.is_causal();
  const at::Tensor queries = x.queries.detach();
  const auto whole = queries.options().dtype(at::kLong);
  const at::Tensor own = at::arange(length, whole).floor_divide(block).unsqueeze(1);  // [T, 1]
  const at::Tensor index = at::arange(blocks, whole);

  // The balls; where a key or a value of a block is no finite number, one without end.
  const at::Tensor count = (length - index * block).clamp_max(block);  // [blocks]
  const at::Tensor keys = in_blocks(x.keys.detach(), block);
  const at::Tensor centre = keys.sum(3) / count.unsqueeze(-1);  // [N, H, blocks, hd]
  const at::Tensor there = at::arange(block, whole) < count.unsqueeze(-1);
  at::Tensor radius = (keys - centre.unsqueeze(3)).norm(2, -1).masked_fill(there.logical_not(), 0).amax(-1);
  radius = at::where(finite_blocks(x, block).logical_and(radius.isfinite()), radius, kInfinity);

  // The logarithm of S_j; infinite where the block must be read.
  const at::Tensor products = at::matmul(queries, centre.transpose(2, 3));
  at::Tensor most = x.scale * (products + queries.norm(2, -1, true) * radius.unsqueeze(2)) + count.log();
  most = at::where(most.isfinite(), most, kInfinity);
  if (causal) most = most.masked_fill(index > own, -kInfinity);
  most = most.masked_fill(index == own, kInfinity).masked_fill(index == 0, kInfinity);
  const auto [bound, order] = most.sort(/*stable=*/true, -1, /*descending=*/true);

  // The logarithms of Z and of S after each block that is read.
  const at::Tensor held = scores_in_blocks(scores, block).logsumexp(-1);
  const at::Tensor kept = held.gather(-1, order).logcumsumexp(-1);
  const at::Tensor left = at::cat({bound.flip(-1).logcumsumexp(-1).flip(-1).narrow(-1, 1, blocks - 1),
                                   at::full_like(bound.narrow(-1, 0, 1), -kInfinity)},
                                  -1);
  const at::Tensor error = rounding_error(x, products.scalar_type(), blocks + block);
  const at::Tensor share = (left - kept + 2 * error).sigmoid();

  // Not: share > epsilon. A share that is no number asks for more.
  const at::Tensor enough = share.le(reads.epsilon).logical_and(index >= std::min(reads.least, blocks) - 1);
  const at::Tensor last = enough.logical_not().to(at::kLong).cumprod(-1).sum(-1, true).clamp_max(blocks - 1);
  at::Tensor kept_blocks = at::zeros_like(order, at::kBool).scatter(-1, order, index <= last);
  if (causal) kept_blocks = kept_blocks.logical_and(index <= own);
  return {kept_blocks, share.gather(-1, last).squeeze(-1)};
}

extern const AttentionDescription certified_attention;
constinit const AttentionDescription certified_attention = {
    .name = "certified",
    .help = "blocks of keys until a bound says that the rest hold at most epsilon of the attention",
    .settings = kCertifiedSettings,
    .check =
        [](const Config& config) {
          return attention_at_most("block", block_of(config), config.windows.length, "positions of a window");
        },
    .fit_student =
        [](const Config& teacher, AttentionConfig& student) {
          student.own.set("block", std::min(student.own.whole("block"), teacher.windows.length));
        },
    .flops = certified_flops,
    .has_flash = blocks_have_flash,
    .make = [](const Config& config, const FindParameter&) -> std::unique_ptr<SparseAttention> {
      return std::make_unique<Certified>(config);
    },
};

}  // namespace ate
