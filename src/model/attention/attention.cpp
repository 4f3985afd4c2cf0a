#include "model/attention/attention.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <limits>

namespace ate {

at::Tensor HeadInputs::scores() const {
  const at::Tensor exact = at::matmul(queries * scale, keys.transpose(2, 3));
  return mask.defined() ? exact + mask : exact;
}

HeadInputs HeadInputs::narrow(int64_t first, int64_t count) const {
  return {queries.narrow(1, first, count),
          keys.narrow(1, first, count),
          values.narrow(1, first, count),
          mask,
          scale,
          causal_without_mask};
}

at::Tensor SparseAttention::attend(const HeadInputs& x, const WeightDropout* dropout) const {
  if (dropout == nullptr && is_linear(x.queries))
    return flash_attention(x.queries, x.keys, x.values, x.is_causal(), *flash_reads(x.queries.size(2)));
  return attend_selected(x, select(x), dropout);
}

at::Tensor SparseAttention::skipped_bound(const HeadInputs&) const { return {}; }

at::Tensor SparseAttention::selector_scores(const HeadInputs&) const { return {}; }

at::Tensor gather_rows(const at::Tensor& x, const at::Tensor& positions) {
  const int64_t n = x.size(0);
  const int64_t heads = x.size(1);
  const int64_t width = x.size(3);
  // Looked up as rows of a table: on the CPU the gradient of an embedding adds whole rows at once, several times
  // faster than that of index_select or gather.
  const at::Tensor first = at::arange(n * heads, positions.options()).mul_(x.size(2)).view({n, heads, 1, 1});
  return at::embedding(x.reshape({n * heads * x.size(2), width}), positions + first);
}

at::Tensor attend_selected(const HeadInputs& x, const Selection& selection, const WeightDropout* dropout) {
  const at::Tensor keys = gather_rows(x.keys, selection.positions);
  const at::Tensor values = gather_rows(x.values, selection.positions);
  at::Tensor scores = at::matmul(keys, (x.queries * x.scale).unsqueeze(-1)).squeeze(-1);  // [N, H, T, m]
  if (selection.absent.defined())
    scores = scores.masked_fill(selection.absent, -std::numeric_limits<double>::infinity());
  at::Tensor weights = scores.softmax(-1);
  if (dropout != nullptr) weights = (*dropout)(weights);
  return at::matmul(weights.unsqueeze(-2), values).squeeze(-2);
}

Selection best_positions(const at::Tensor& scores, int64_t k, bool sorted) {
  auto [best, positions] = scores.detach().topk(std::min(k, scores.size(-1)), -1, /*largest=*/true, sorted);
  return {positions, best.isinf()};
}

at::Tensor selection_loss(const at::Tensor& attention, const at::Tensor& scores) {
  const at::Tensor log_selector = scores.log_softmax(-1);
  // 0 times -inf, where neither may look, counts as 0.
  return -(attention.detach() * log_selector.masked_fill(log_selector.isinf(), 0)).sum(-1).mean();
}

double exact_flops(const Config& config, int64_t keys) {
  return 4 * static_cast<double>(keys) * static_cast<double>(config.body.width / config.body.heads);
}

int64_t keys_read(const Config& config) { return std::min(config.attention.k, config.windows.length); }

}  // namespace ate
