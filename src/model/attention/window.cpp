// window: the last k positions, the query's own included (Beltagy et al. 2020, Longformer). Without a causal mask the k
// nearest ones, the window pushed inside at both ends.
#include <ATen/ATen.h>

#include <algorithm>

#include "config/kernels.h"
#include "model/attention/attention.h"

namespace ate {
namespace {

class Window : public SparseAttention {
 public:
  explicit Window(const Config& config) : k_(config.attention.k), flash_(flash_wanted(config)) {}

  std::optional<FlashReads> flash_reads(int64_t /*length*/) const override {
    if (!flash_) return std::nullopt;
    return FlashReads{.window = k_};
  }

  Selection select(const HeadInputs& x) const override {
    const int64_t length = x.queries.size(2);
    const int64_t k = std::min(k_, length);
    const at::Tensor query = at::arange(length, x.queries.options().dtype(at::kLong)).unsqueeze(1);
    const at::Tensor place = at::arange(k, query.options()).unsqueeze(0);
    const bool causal = x.is_causal();
    const at::Tensor first = causal ? (query - (k - 1)).clamp_min(0) : (query - k / 2).clamp(0, length - k);
    const at::Tensor positions = first + place;  // [T, k]
    const std::vector<int64_t> shape = {x.queries.size(0), x.queries.size(1), length, k};
    return {positions.expand(shape).contiguous(),
            causal ? (positions > query).expand(shape).contiguous() : at::Tensor()};
  }

 private:
  int64_t k_;
  bool flash_;
};

}  // namespace

extern const AttentionDescription window_attention;
constinit const AttentionDescription window_attention = {
    .name = "window",
    .help = "the last k keys, the floor of every selector",
    .flops = [](const Config& config) { return exact_flops(config, keys_read(config)); },
    .has_flash = [](const Config&) { return true; },
    .make = [](const Config& config, const FindParameter&) -> std::unique_ptr<SparseAttention> {
      return std::make_unique<Window>(config);
    },
};

}  // namespace ate
