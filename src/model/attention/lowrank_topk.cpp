#include <ATen/ATen.h>

#include "model/attention/kinds.h"

namespace ate {
namespace {

class LowRankTopK : public SparseAttention {
 public:
  LowRankTopK(const AttentionConfig& config, const FindParameter& find)
      : k_(config.k), query_(find("lowrank_query")), key_(find("lowrank_key")) {}

  Selection select(const HeadInputs& x) const override { return best_positions(selector_scores(x), k_); }

  at::Tensor selector_scores(const HeadInputs& x) const override {
    const at::Tensor queries = at::matmul(x.queries.detach() * x.scale, query_.transpose(1, 2));
    const at::Tensor keys = at::matmul(x.keys.detach(), key_.transpose(1, 2));
    const at::Tensor scores = at::matmul(queries, keys.transpose(2, 3));
    return x.mask.defined() ? scores + x.mask : scores;
  }

 private:
  int64_t k_;
  at::Tensor query_, key_;  // [H, r, hd]
};

}  // namespace

std::unique_ptr<SparseAttention> make_lowrank_topk(const AttentionConfig& config, const FindParameter& find) {
  return std::make_unique<LowRankTopK>(config, find);
}

}  // namespace ate
