// certified: a query reads blocks of keys until a bound says that all others together hold at most attention.epsilon of its
// attention (certified.h); at least attention.k keys, more where the bound needs them, so k = T is dense attention. Nothing
// is learned but through the keys that are read. As plain operations every score is computed.
#include "model/attention/certified.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <limits>

namespace ate {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

constexpr KindSetting kCertifiedSettings[] = {
    {"block", int64_t{4}, between(1, 1 << 20), "keys in a block", true},
    {"epsilon", 0.01, between(1e-12, 0.9), "largest share of the attention that may be on keys not read"}};

int64_t block_of(const Config& config) { return config.attention.own.whole("block"); }

// Of the numbers that products are made in.
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

// Blocks of the keys' rows: [N, H, blocks, b, c], filled up with zeros.
at::Tensor in_blocks(const at::Tensor& rows, int64_t blocks, int64_t block) {
  return at::constant_pad_nd(rows, {0, 0, 0, blocks * block - rows.size(2)})
      .view({rows.size(0), rows.size(1), blocks, block, rows.size(3)});
}

class Certified : public SparseAttention {
 public:
  explicit Certified(const Config& config)
      : k_(config.attention.k),
        reads_{block_of(config), 1, config.attention.own.real("epsilon")},
        flash_(flash_wanted(config) && flash_chooses(reads_.block)) {}

  std::optional<FlashReads> flash_reads(int64_t length) const override {
    if (!flash_) return std::nullopt;
    return FlashReads{.blocks_read = std::max<int64_t>(1, reads(length).least),
                      .block = reads_.block,
                      .epsilon = reads_.epsilon};
  }

  Selection select(const HeadInputs& x) const override {
    const at::Tensor scores = x.scores().detach();
    const at::Tensor read = kept_keys(x, scores).logical_and(scores.isneginf().logical_not());
    const auto most = read.sum(-1).max().item<int64_t>();
    // Positions that are read come first, in their order.
    const at::Tensor positions = read.logical_not()
                                     .to(at::kInt)
                                     .argsort(/*stable=*/true, -1, /*descending=*/false)
                                     .narrow(-1, 0, most);
    return {positions, read.gather(-1, positions).logical_not()};
  }

  at::Tensor attend(const HeadInputs& x, const WeightDropout* dropout) const override {
    if (dropout == nullptr && is_linear(x.queries)) return SparseAttention::attend(x, dropout);
    const at::Tensor scores = x.scores();
    at::Tensor weights =
        scores.masked_fill(kept_keys(x, scores.detach()).logical_not(), -kInfinity).softmax(-1);
    if (dropout != nullptr) weights = (*dropout)(weights);
    return at::matmul(weights, x.values);
  }

 private:
  CertifiedReads reads(int64_t length) const {
    CertifiedReads reads = reads_;
    reads.least = k_ >= length ? length : k_ / reads.block;
    return reads;
  }
  // [N, H, T, T] of bool: keys of the blocks that are read.
  at::Tensor kept_keys(const HeadInputs& x, const at::Tensor& scores) const {
    const int64_t length = x.queries.size(2);
    return certify(x, scores, reads(length)).kept.repeat_interleave(reads_.block, -1).narrow(-1, 0, length);
  }

  int64_t k_;
  CertifiedReads reads_;
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
  const at::Tensor keys = in_blocks(x.keys.detach(), blocks, block);
  const at::Tensor centre = keys.sum(3) / count.unsqueeze(-1);  // [N, H, blocks, hd]
  const at::Tensor there = at::arange(block, whole) < count.unsqueeze(-1);
  at::Tensor radius = (keys - centre.unsqueeze(3)).norm(2, -1).masked_fill(there.logical_not(), 0).amax(-1);
  const at::Tensor finite = in_blocks(x.values.detach(), blocks, block).isfinite().all(-1).all(-1);
  radius = at::where(finite.logical_and(radius.isfinite()), radius, kInfinity);

  // The logarithm of S_j; infinite where the block must be read.
  const at::Tensor query_norm = queries.norm(2, -1, true);  // [N, H, T, 1]
  const at::Tensor products = at::matmul(queries, centre.transpose(2, 3));
  at::Tensor most = x.scale * (products + query_norm * radius.unsqueeze(2)) + count.log();
  most = at::where(most.isfinite(), most, kInfinity);
  if (causal) most = most.masked_fill(index > own, -kInfinity);
  most = most.masked_fill(index == own, kInfinity).masked_fill(index == 0, kInfinity);
  const auto [bound, order] = most.sort(/*stable=*/true, -1, /*descending=*/true);

  // The logarithms of Z and of S after each block that is read.
  const at::Tensor held = at::constant_pad_nd(scores, {0, blocks * block - length}, -kInfinity)
                              .unflatten(-1, {blocks, block})
                              .logsumexp(-1);
  const at::Tensor kept = held.gather(-1, order).logcumsumexp(-1);
  const at::Tensor left = at::cat({bound.flip(-1).logcumsumexp(-1).flip(-1).narrow(-1, 1, blocks - 1),
                                   at::full_like(bound.narrow(-1, 0, 1), -kInfinity)},
                                  -1);
  // Products round by hd roundoffs, radii and sums by less; sums of exponentials by as many as there are terms.
  const double roundoff = unit_roundoff(products.scalar_type());
  const at::Tensor norm = x.keys.detach().norm(2, -1);
  const at::Tensor largest = causal ? std::get<0>(norm.cummax(-1)) : norm.amax(-1, true).expand_as(norm);
  const at::Tensor error =
      16 * roundoff * static_cast<double>(x.keys.size(3) + 8) * x.scale * query_norm * largest.unsqueeze(-1) +
      4 * roundoff * static_cast<double>(blocks + block);
  const at::Tensor share = (left - kept + 2 * error).sigmoid();

  // Not: share > epsilon. A share that is no number asks for more.
  const at::Tensor enough = share.le(reads.epsilon).logical_and(index >= std::min(reads.least, blocks) - 1);
  const at::Tensor last = enough.logical_not().to(at::kLong).cumprod(-1).sum(-1, true).clamp_max(blocks - 1);
  return {at::zeros_like(order, at::kBool).scatter(-1, order, index <= last),
          share.gather(-1, last).squeeze(-1)};
}

extern const AttentionDescription certified_attention;
constinit const AttentionDescription certified_attention = {
    .name = "certified",
    .help = "blocks of keys until a bound says that the rest hold at most epsilon of the attention",
    .settings = kCertifiedSettings,
    .at_least_k = true,
    .check =
        [](const Config& config) {
          return attention_at_most("block", block_of(config), config.windows.length, "positions of a window");
        },
    .fit_student =
        [](const Config& teacher, AttentionConfig& student) {
          student.own.set("block", std::min(student.own.whole("block"), teacher.windows.length));
        },
    .flops = certified_flops,
    .make = [](const Config& config, const FindParameter&) -> std::unique_ptr<SparseAttention> {
      return std::make_unique<Certified>(config);
    },
};

}  // namespace ate
