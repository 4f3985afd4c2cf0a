#include "model/attention/mlp_topk.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "model/attention/kinds.h"

namespace ate {

at::Tensor MlpTopKAttention::Layer::operator()(const at::Tensor& x) const {
  return at::baddbmm(bias.unsqueeze(1), x, weight.transpose(1, 2));
}

MlpTopKAttention::MlpTopKAttention(const AttentionConfig& config, const FindParameter& find)
    : k_(config.k), causal_(config.selects_causally), approximates_(config.approximator) {
  const auto layer = [&](const std::string& name) {
    return Layer{find(name + ".weight"), find(name + ".bias")};
  };
  selector_in_ = layer("selector.0");
  selector_out_ = layer("selector.2");
  if (!approximates_) return;
  approximator_in_ = layer("approximator.0");
  approximator_out_ = layer("approximator.2");
}

at::Tensor MlpTopKAttention::score(const at::Tensor& queries) const {
  return selector_out_(selector_in_(queries).relu());
}

at::Tensor MlpTopKAttention::approximate(const at::Tensor& selected) const {
  return approximator_out_(approximator_in_(selected).relu());
}

// Heads come first in the MLPs: one product for each head over the queries of all windows.
at::Tensor MlpTopKAttention::selector_scores(const HeadInputs& x) const {
  const int64_t n = x.queries.size(0);
  const int64_t heads = x.queries.size(1);
  const int64_t length = x.queries.size(2);
  const at::Tensor queries =
      x.queries.detach().transpose(0, 1).reshape({heads, n * length, x.queries.size(3)});
  const at::Tensor scores =
      score(queries).narrow(2, 0, length).view({heads, n, length, length}).transpose(0, 1);
  return causal_ && x.mask.defined() ? scores + x.mask : scores;
}

Selection MlpTopKAttention::select(const HeadInputs& x) const {
  const at::Tensor scores = selector_scores(x).detach();
  const auto [best, positions] =
      scores.topk(std::min(k_, scores.size(-1)), -1, /*largest=*/true, /*sorted=*/true);
  return {positions, best.isinf()};
}

at::Tensor MlpTopKAttention::attend(const HeadInputs& x, const WeightDropout* dropout) const {
  const Selection selection = select(x);
  if (!approximates_) return attend_selected(x, selection, dropout);
  const int64_t n = x.values.size(0);
  const int64_t heads = x.values.size(1);
  const int64_t length = x.values.size(2);
  const int64_t width = x.values.size(3);
  const int64_t chosen = selection.positions.size(3);
  at::Tensor values =
      gather_rows(x.values, selection.positions).masked_fill(selection.absent.unsqueeze(-1), 0);
  // A window shorter than k has fewer places to fill.
  if (chosen < k_) values = at::constant_pad_nd(values, {0, 0, 0, k_ - chosen});
  const at::Tensor rows = values.transpose(0, 1).reshape({heads, n * length, k_ * width});
  return approximate(rows).view({heads, n, length, width}).transpose(0, 1);
}

std::unique_ptr<SparseAttention> make_mlp_topk(const AttentionConfig& config, const FindParameter& find) {
  return std::make_unique<MlpTopKAttention>(config, find);
}

}  // namespace ate
