// strided: every s-th key back from the query, the query's own included (Child et al. 2019, Sparse Transformer).
#include <ATen/ATen.h>

#include "model/attention/attention.h"

namespace ate {
namespace {

constexpr KindSetting kStride[] = {
    {"stride", int64_t{4}, between(1, 1 << 20), "distance between the keys read"}};

int64_t stride(const Config& config) { return config.attention.own.whole("stride"); }

class Strided : public SparseAttention {
 public:
  explicit Strided(const Config& config) : k_(config.attention.k), stride_(stride(config)) {}

  Selection select(const HeadInputs& x) const override {
    const int64_t length = x.queries.size(2);
    const at::Tensor query = at::arange(length, x.queries.options().dtype(at::kLong)).unsqueeze(1);
    const at::Tensor back = at::arange(std::min(k_, length), query.options()).unsqueeze(0) * stride_;
    const at::Tensor positions = query - back;  // [T, k]
    const std::vector<int64_t> shape = {x.queries.size(0), x.queries.size(1), length, positions.size(1)};
    return {positions.clamp_min(0).expand(shape).contiguous(), (positions < 0).expand(shape).contiguous()};
  }

 private:
  int64_t k_, stride_;
};

}  // namespace

extern const AttentionDescription strided_attention;
constinit const AttentionDescription strided_attention = {
    .name = "strided",
    .help = "every s-th key back from the query",
    .settings = kStride,
    .check =
        [](const Config& config) {
          return attention_at_most("stride", stride(config), config.windows.length, "positions of a window");
        },
    .flops = [](const Config& config) { return exact_flops(config, keys_read(config)); },
    .make = [](const Config& config, const FindParameter&) -> std::unique_ptr<SparseAttention> {
      return std::make_unique<Strided>(config);
    },
};

}  // namespace ate
