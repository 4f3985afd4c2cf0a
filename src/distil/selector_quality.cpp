#include "distil/selector_quality.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <limits>

namespace ate {
namespace {

constexpr int64_t kCollectedBatch = 128;

double average(const at::Tensor& x) { return x.to(at::kDouble).mean().item<double>(); }

// -inf above the diagonal under a causal mask.
at::Tensor hide_later(const at::Tensor& scores, bool causal) {
  if (!causal) return scores;
  const int64_t length = scores.size(-1);
  const at::Tensor later = at::ones({length, length}, scores.options().dtype(at::kBool)).triu(1);
  return scores.masked_fill(later, -std::numeric_limits<double>::infinity());
}

// Attention at these positions, summed: [n, T].
at::Tensor mass_at(const at::Tensor& attention, const at::Tensor& positions) {
  return attention.gather(-1, positions.expand({attention.size(0), attention.size(1), positions.size(-1)}))
      .sum(-1);
}

// Windows whose tokens before the last position are in another order, the same for all.
at::Tensor shuffled(const at::Tensor& windows, int64_t length, RandomKey key) {
  std::vector<int64_t> order(static_cast<size_t>(windows.size(1)));
  for (size_t i = 0; i < order.size(); ++i) order[i] = static_cast<int64_t>(i);
  for (int64_t i = length - 2; i > 0; --i) {
    const auto block = random_block(key, Purpose::stage, 2, 0, static_cast<uint64_t>(i));
    const auto j = below(word64(block, 0), static_cast<uint64_t>(i + 1));
    std::swap(order[static_cast<size_t>(i)], order[j]);
  }
  return windows.index_select(1, at::tensor(order, at::kLong)).contiguous();
}

}  // namespace

Collected collect(const Teacher& teacher, const at::Tensor& windows) {
  const at::NoGradGuard no_grad;
  std::vector<at::Tensor> queries, values, attention, outputs;
  for (int64_t first = 0; first < windows.size(0); first += kCollectedBatch) {
    const int64_t count = std::min(kCollectedBatch, windows.size(0) - first);
    const at::Tensor tokens = teacher.tokens_of(windows.narrow(0, first, count));
    AttentionTraces traces;
    (void)teacher.model->model.logits(tokens, traces);
    const HeadInputs head = traces[0].heads.narrow(0, 1);
    queries.push_back(head.queries.squeeze(1).clone());
    values.push_back(head.values.squeeze(1).clone());
    attention.push_back(head.scores().softmax(-1).squeeze(1));
    outputs.push_back(traces[0].outputs.select(1, 0).clone());
  }
  return {at::cat(queries), at::cat(values), at::cat(attention), at::cat(outputs)};
}

SelectorQuality selector_quality(const Teacher& teacher, const Collected& seen,
                                 const MlpTopKAttention& selector, int64_t k) {
  const at::NoGradGuard no_grad;
  const bool causal = teacher.config.body.causal;
  const int64_t length = teacher.config.windows.length;
  const at::Tensor windows = teacher.data.validation_windows();
  const Collected held = collect(teacher, windows);
  const auto scores_of = [&](const Collected& c) {
    const at::Tensor scores = selector.score(c.queries.flatten(0, 1).unsqueeze(0)).view(c.attention.sizes());
    return teacher.config.attention.own.flag("selects_causally") ? hide_later(scores, causal) : scores;
  };
  const at::Tensor scores = scores_of(held);
  const at::Tensor strongest = held.attention.argmax(-1);
  SelectorQuality out;
  out.queries = strongest.numel();
  out.accuracy = average(scores.argmax(-1) == strongest);

  // How often each position is the strongest key of each query position, [T, T].
  const at::Tensor counts = at::one_hot(seen.attention.argmax(-1), length).sum(0).to(at::kFloat);
  out.constant = average(counts.argmax(-1).unsqueeze(0) == strongest);
  const at::Tensor place = at::arange(1, length + 1, held.attention.options());
  const at::Tensor visible = causal ? place : at::full_like(place, static_cast<double>(length));
  out.chance = average(1 / visible);

  out.mass_chance = average((static_cast<double>(k) / visible).clamp_max(1));
  out.mass = average(mass_at(held.attention, std::get<1>(scores.topk(k, -1))));
  out.mass_constant =
      average(mass_at(held.attention, std::get<1>(seen.attention.mean(0).topk(k, -1)).unsqueeze(0)));
  out.mass_oracle = average(std::get<0>(held.attention.topk(k, -1)).sum(-1));
  // Before position k - 1 the window holds all there is; the repeated first position must count once.
  const at::Tensor query = at::arange(length, strongest.options()).unsqueeze(1);
  const at::Tensor key = at::arange(length, strongest.options()).unsqueeze(0);
  const at::Tensor last = (key <= query).logical_and(key > query - k).to(held.attention.options());
  out.mass_window = average((held.attention * last).sum(-1));

  const Collected moved = collect(teacher, shuffled(windows, length, teacher.data.key));
  const int64_t end = length - 1;
  out.strongest_moved = average(moved.attention.argmax(-1).select(1, end) != strongest.select(1, end));
  out.choice_moved = average(scores_of(moved).argmax(-1).select(1, end) != scores.argmax(-1).select(1, end));
  return out;
}

}  // namespace ate
