// oracle_topk: the k keys with the largest exact scores. It computes every score, so it saves next to nothing: it is the
// most attention mass that any choice of k keys can hold.
#include <ATen/ATen.h>

#include "model/attention/attention.h"

namespace ate {
namespace {

class OracleTopK : public SparseAttention {
 public:
  explicit OracleTopK(int64_t k) : k_(k) {}

  Selection select(const HeadInputs& x) const override { return best_positions(x.scores(), k_); }

  // The exact scores are there already: those of the chosen keys are not computed again.
  at::Tensor attend(const HeadInputs& x, const WeightDropout* dropout) const override {
    const at::Tensor scores = x.scores();
    const Selection selection = best_positions(scores, k_);
    at::Tensor weights = scores.gather(-1, selection.positions).softmax(-1);
    if (dropout != nullptr) weights = (*dropout)(weights);
    return at::matmul(weights.unsqueeze(-2), gather_rows(x.values, selection.positions)).squeeze(-2);
  }

 private:
  int64_t k_;
};

// Every score, and the values of m keys.
double oracle_flops(const Config& config) {
  return exact_flops(config, config.windows.length) / 2 + exact_flops(config, keys_read(config)) / 2;
}

}  // namespace

extern const AttentionDescription oracle_topk_attention;
constinit const AttentionDescription oracle_topk_attention = {
    .name = "oracle_topk",
    .help = "the k keys with the largest exact scores, the ceiling of every selector",
    .flops = oracle_flops,
    .make = [](const Config& config, const FindParameter&) -> std::unique_ptr<SparseAttention> {
      return std::make_unique<OracleTopK>(config.attention.k);
    },
};

}  // namespace ate
