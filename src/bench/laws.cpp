#include "bench/laws.h"

#include <ATen/ATen.h>

#include <cmath>
#include <limits>

namespace ate {
namespace {

constexpr int64_t kRun = 64;    // positions whose keys are alike
constexpr double kAlike = 0.9;  // share of a key's variance that is its run's
constexpr double kSharpness = 2;

at::Tensor normal(int64_t heads, int64_t length, int64_t width) {
  return at::randn({1, heads, length, width}, at::kFloat);
}

HeadInputs independent(int64_t heads, int64_t length, int64_t width, bool /*causal*/) {
  const auto draw = [&] { return normal(heads, length, width); };
  const at::Tensor queries = draw();
  const at::Tensor keys = draw();
  return {queries, keys, draw(), {}};
}

HeadInputs clustered(int64_t heads, int64_t length, int64_t width, bool causal) {
  const at::Tensor centres =
      normal(heads, (length + kRun - 1) / kRun, width).repeat_interleave(kRun, 2).narrow(2, 0, length);
  const at::Tensor keys = std::sqrt(kAlike) * centres + std::sqrt(1 - kAlike) * normal(heads, length, width);
  const at::Tensor may_read =
      causal ? at::arange(1, length + 1, at::kFloat) : at::full({length}, length, at::kFloat);
  const at::Tensor target =
      (at::rand({1, heads, length}, at::kFloat) * may_read).to(at::kLong).clamp_max(length - 1);
  const at::Tensor queries =
      kSharpness * gather_rows(keys, target.unsqueeze(-1)).squeeze(3) + normal(heads, length, width);
  return {queries, keys, normal(heads, length, width), {}};
}

constexpr AttentionLaw kLaws[] = {
    {"independent", "independent: every number of queries, keys and values is drawn from N(0, 1).",
     independent},
    {"clustered",
     "clustered: runs of 64 keys share nine tenths of their variance, the rest is each key's own; a query is "
     "twice the key "
     "of a position that it may read, drawn evenly, and N(0, 1) in every number.",
     clustered},
};

}  // namespace

std::span<const AttentionLaw> attention_laws() { return kLaws; }

const AttentionLaw* find_law(const std::string& name) {
  for (const AttentionLaw& law : kLaws)
    if (name == law.name) return &law;
  return nullptr;
}

HeadInputs with_mask(HeadInputs x, bool causal) {
  const int64_t length = x.queries.size(2);
  x.scale = 1 / std::sqrt(static_cast<double>(x.queries.size(3)));
  if (causal)
    x.mask =
        at::full({length, length}, -std::numeric_limits<double>::infinity(), x.queries.options()).triu(1);
  return x;
}

}  // namespace ate
