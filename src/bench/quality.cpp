#include "bench/quality.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "bench/attention.h"
#include "bench/kinds.h"
#include "bench/laws.h"
#include "bench/selector_fit.h"
#include "model/model.h"
#include "study/single_model.h"
#include "support/error.h"
#include "train/data.h"
#include "train/device.h"
#include "train/trial.h"

namespace ate {
namespace {

constexpr int64_t kWindows =
    8;  // of a model's validation part that are measured, and as many that selectors are fitted on

double mean(const std::vector<double>& x) {
  double sum = 0;
  for (const double y : x) sum += y;
  return sum / static_cast<double>(x.size());
}
double most(const std::vector<double>& x) { return *std::max_element(x.begin(), x.end()); }
double quantile(std::vector<double> x, double share) {
  const auto at = static_cast<std::ptrdiff_t>(std::ceil(share * static_cast<double>(x.size())) - 1);
  std::nth_element(x.begin(), x.begin() + at, x.end());
  return x[static_cast<size_t>(at)];
}
void append(std::vector<double>& to, const at::Tensor& x) {
  const at::Tensor all = x.to(at::kDouble).contiguous();
  to.insert(to.end(), all.const_data_ptr<double>(), all.const_data_ptr<double>() + all.numel());
}

// Of each query.
struct Numbers {
  std::vector<double> read, skipped, error, bound;
};

// One head of one window, in double; positions and absent as in Selection, [T, m].
void add_head(const HeadInputs& x, const at::Tensor& positions, const at::Tensor& absent, Numbers& out) {
  const at::Tensor weights = x.scores().squeeze(0).squeeze(0).softmax(-1);  // [T, T]
  const at::Tensor values = x.values.squeeze(0).squeeze(0);
  at::Tensor mass = weights.gather(-1, positions);
  if (absent.defined()) mass = mass.masked_fill(absent, 0);
  const at::Tensor some = at::zeros_like(weights).scatter_add(-1, positions, mass);
  const at::Tensor kept = mass.sum(-1, true);
  const at::Tensor difference = at::matmul(weights, values) - at::matmul(some, values) / kept;
  const at::Tensor norm = values.norm(2, -1);
  const at::Tensor longest = x.is_causal() ? std::get<0>(norm.cummax(0)) : norm.max().expand_as(norm);
  const int64_t length = norm.size(0);
  const at::Tensor may_read =
      x.is_causal() ? at::arange(1, length + 1, norm.options()) : at::full_like(norm, length);
  const at::Tensor read =
      absent.defined() ? absent.logical_not().sum(-1) : at::full_like(norm, positions.size(1));
  append(out.read, read / may_read);
  append(out.skipped, (weights - some).sum(-1).clamp_min(0));
  append(out.error, at::where(longest > 0, difference.norm(2, -1) / longest, 0));
}

Quality measure(const std::string& inputs, const Config& config, const Shape& shape,
                const SparseAttention& attention, const HeadInputs& x, double epsilon) {
  Numbers numbers;
  const at::NoGradGuard no_grad;
  for (int64_t n = 0; n < x.queries.size(0); ++n) {
    const auto window = [&](const at::Tensor& y) { return y.narrow(0, n, 1); };
    const HeadInputs heads{window(x.queries), window(x.keys), window(x.values), x.mask, x.scale};
    const Selection selection = attention.select(heads);
    const at::Tensor share = attention.skipped_bound(heads);
    if (share.defined()) append(numbers.bound, 2 * share);
    for (int64_t h = 0; h < x.queries.size(1); ++h) {
      HeadInputs head = heads.narrow(h, 1);
      for (at::Tensor* y : {&head.queries, &head.keys, &head.values}) *y = y->to(at::kDouble);
      if (head.mask.defined()) head.mask = head.mask.to(at::kDouble);
      add_head(head, selection.positions[0][h],
               selection.absent.defined() ? selection.absent[0][h] : at::Tensor(), numbers);
    }
  }
  Quality out;
  out.inputs = inputs;
  out.kind = config.attention.kind->name;
  out.shape = shape;
  for (const KindSetting& setting : config.attention.kind->settings)
    if (std::string_view(setting.name) == "block") out.block = config.attention.own.whole("block");
  out.queries = std::ssize(numbers.read);
  out.read = mean(numbers.read);
  out.read_p95 = quantile(numbers.read, 0.95);
  out.mass = 1 - mean(numbers.skipped);
  out.above = static_cast<double>(std::count_if(numbers.skipped.begin(), numbers.skipped.end(),
                                                [&](double y) { return y > epsilon; })) /
              static_cast<double>(out.queries);
  out.skipped_p95 = quantile(numbers.skipped, 0.95);
  out.skipped_most = most(numbers.skipped);
  out.error = mean(numbers.error);
  out.error_most = most(numbers.error);
  out.bound = numbers.bound.empty() ? std::nan("") : mean(numbers.bound);
  out.bound_most = numbers.bound.empty() ? std::nan("") : most(numbers.bound);
  return out;
}

// Every kind that reads keys, on `x`; selectors that learn are fitted on `other`.
std::vector<Quality> of_all_kinds(const std::string& inputs, const Shape& shape, const HeadInputs& other,
                                  const HeadInputs& x, const QualityOptions& options) {
  std::vector<Quality> out;
  for (const AttentionDescription* description : registered<AttentionDescription>()) {
    const AttentionKind kind(*description);
    if (kind == AttentionKind::dense || kind == AttentionKind::mlp_topk) continue;
    Config config = bench_config(shape, kind);
    config.attention.own.set("epsilon", options.epsilon);
    std::unique_ptr<SparseAttention> attention = fitted_attention(config, other, options.fit_steps);
    if (attention->k_is_least()) {
      config.attention.k = 1;  // as many as it needs
      attention = fitted_attention(config, other, options.fit_steps);
    }
    out.push_back(measure(inputs, config, shape, *attention, x, options.epsilon));
  }
  return out;
}

Shape shape_of(const Config& config, int64_t keys) {
  Shape shape;
  shape.width = config.body.width;
  shape.heads = shape.kv_heads = config.body.heads;  // keys and values that heads share are repeated
  shape.length = config.windows.length;
  shape.keys = keys;
  shape.causal = config.body.causal;
  return shape;
}

}  // namespace

std::vector<Quality> law_qualities(const Shape& shape, const QualityOptions& options) {
  at::set_num_threads(1);  // the sums are then the same on every machine of a kind
  std::vector<Quality> out;
  for (const AttentionLaw& law : attention_laws()) {
    if (!options.law.empty() && options.law != law.name) continue;
    at::manual_seed(0);
    const auto draw = [&] {
      return with_mask(law.draw(shape.heads, shape.length, shape.head_size(), shape.causal), shape.causal);
    };
    const HeadInputs other = draw();
    for (Quality& quality : of_all_kinds(law.name, shape, other, draw(), options))
      out.push_back(std::move(quality));
  }
  return out;
}

std::vector<Quality> model_qualities(const std::string& flag, const std::filesystem::path& file,
                                     const std::vector<int64_t>& keys, const QualityOptions& options) {
  const std::string where = flag + " " + file.string();
  const StoredModel stored = find_model(flag, file);
  if (!stored.resolved)
    throw BadInput(where, "lies in no run folder with a config.json: give the file of a run");
  Resolved resolved = *stored.resolved;
  resolved.config.device = "cpu";
  const std::unique_ptr<Trial> trial = load_trial(flag, file, resolved, stored.id);
  const Config& config = resolved.config;
  if (config.body.kind == BodyKind::bag) throw BadInput(where, "is a bag, which has no attention");
  std::vector<Problem> problems;
  if (config.windows.length > kLongestQuality)
    problems.push_back({where, fmt::format("has windows of {} positions: at most {} are measured",
                                           config.windows.length, kLongestQuality)});
  for (const int64_t k : keys)
    if (k > config.windows.length)
      problems.push_back({fmt::format("--k {}", k),
                          fmt::format("the model's windows have {} positions: give at most so many",
                                      config.windows.length)});
  if (!problems.empty()) throw BadInput(std::move(problems));

  const at::NoGradGuard no_grad;
  at::manual_seed(0);
  const TrialData data(config, stored.id);
  const at::Tensor all = data.validation_windows();
  const int64_t count = std::min(kWindows, all.size(0) / 2);
  if (count == 0) throw BadInput(where, "was trained with one validation window: two are needed");
  const auto traces_of = [&](int64_t first) {
    AttentionTraces traces;
    (void)trial->model().logits(all.narrow(0, first, count).narrow(1, 0, config.windows.length).contiguous(),
                                traces);
    return traces;
  };
  const AttentionTraces other = traces_of(count);
  const AttentionTraces measured = traces_of(0);
  std::vector<Quality> out;
  for (const int64_t k : keys)
    for (size_t layer = 0; layer < measured.size(); ++layer)
      for (Quality& quality : of_all_kinds(fmt::format("layer {}", layer + 1), shape_of(config, k),
                                           other[layer].heads, measured[layer].heads, options))
        out.push_back(std::move(quality));
  return out;
}

}  // namespace ate
