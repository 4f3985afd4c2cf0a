#include "model/attention/mlp_topk.h"

#include <ATen/ATen.h>

#include <algorithm>

#include "model/layout.h"

namespace ate {
namespace {

constexpr KindSetting kMlpSettings[] = {
    {"hidden", int64_t{64}, between(1, 1 << 16), "hidden width of selector and approximator", true},
    {"approximator",
     true,
     {},
     "a second MLP makes the output; false: exact attention over the selected keys",
     true},
    {"selects_causally",
     true,
     {},
     "false lets the selector choose later positions, as the original's did",
     true},
};

bool approximates(const Config& config) { return config.attention.own.flag("approximator"); }

// Every head has weights of its own: [heads, out, in] and [heads, out].
void add_head_linear(LayoutBuilder& layout, const std::string& name, int64_t heads, int64_t in, int64_t out) {
  layout.add(name + ".weight", {heads, out, in}, InitLaw::linear_weight, in);
  layout.add(name + ".bias", {heads, out}, InitLaw::linear_bias, in);
}

void add_mlp_parameters(LayoutBuilder& layout, const std::string& prefix, const Config& config,
                        int64_t heads) {
  const int64_t width = config.body.width / config.body.heads;
  const int64_t hidden = config.attention.own.whole("hidden");
  add_head_linear(layout, prefix + "selector.0", heads, width, hidden);
  add_head_linear(layout, prefix + "selector.2", heads, hidden, config.windows.length);
  if (!approximates(config)) return;
  add_head_linear(layout, prefix + "approximator.0", heads, config.attention.k * width, hidden);
  add_head_linear(layout, prefix + "approximator.2", heads, hidden, width);
}

// Selector over all positions, then the approximator on the k values, or exact attention over them.
double mlp_flops(const Config& config) {
  const auto width = static_cast<double>(config.body.width / config.body.heads);
  const auto hidden = static_cast<double>(config.attention.own.whole("hidden"));
  const auto keys = static_cast<double>(keys_read(config));
  const double selector = 2 * (width * hidden + hidden * static_cast<double>(config.windows.length));
  return selector + (approximates(config) ? 2 * (keys * width * hidden + hidden * width)
                                          : exact_flops(config, keys_read(config)));
}

}  // namespace

at::Tensor MlpTopKAttention::Layer::operator()(const at::Tensor& x) const {
  return at::baddbmm(bias.unsqueeze(1), x, weight.transpose(1, 2));
}

MlpTopKAttention::MlpTopKAttention(const Config& config, const FindParameter& find)
    : k_(config.attention.k),
      causal_(config.attention.own.flag("selects_causally")),
      approximates_(approximates(config)) {
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
  return best_positions(selector_scores(x), k_, /*sorted=*/true);
}

at::Tensor MlpTopKAttention::attend(const HeadInputs& x, const WeightDropout* dropout) const {
  const Selection selection = select(x);
  if (!approximates_) return attend_selected(x, selection, dropout);
  const int64_t n = x.values.size(0);
  const int64_t heads = x.values.size(1);
  const int64_t length = x.values.size(2);
  const int64_t width = x.values.size(3);
  const int64_t chosen = selection.positions.size(3);
  at::Tensor values = gather_rows(x.values, selection.positions);
  values.masked_fill_(selection.absent.unsqueeze(-1), 0);
  // A window shorter than k has fewer places to fill.
  if (chosen < k_) values = at::constant_pad_nd(values, {0, 0, 0, k_ - chosen});
  const at::Tensor rows = values.transpose(0, 1).reshape({heads, n * length, k_ * width});
  return approximate(rows).view({heads, n, length, width}).transpose(0, 1);
}

extern const AttentionDescription mlp_topk_attention;
constinit const AttentionDescription mlp_topk_attention = {
    .name = "mlp_topk",
    .help = "an MLP on the query alone scores the positions, a second MLP makes the output",
    .settings = kMlpSettings,
    .learns = true,
    .selector = "selector.",
    // No student may see later positions.
    .fit_student = [](const Config&, AttentionConfig& student) { student.own.set("selects_causally", true); },
    .add_parameters = add_mlp_parameters,
    .flops = mlp_flops,
    .make = [](const Config& config, const FindParameter& find) -> std::unique_ptr<SparseAttention> {
      return std::make_unique<MlpTopKAttention>(config, find);
    },
};

}  // namespace ate
