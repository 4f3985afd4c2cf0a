#include <ATen/ATen.h>

#include "model/attention/kinds.h"

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

}  // namespace

std::unique_ptr<SparseAttention> make_oracle_topk(const AttentionConfig& config) {
  return std::make_unique<OracleTopK>(config.k);
}

}  // namespace ate
