// indexer: one choice of k keys for all heads of a layer, by a few small heads whose weights the query sets:
//   score(t, s) = sum over j of w_j(t) relu(q_j(t) k(s)),
// q_j, w and k being learned maps of the layer's queries or keys side by side (the lightning indexer of DeepSeek-V3.2, 2025,
// which reads the layer's input instead). It learns from the attention summed over heads, through the selector's loss alone.
//   indexer_query   [J, r, H hd]     J: attention.indexer_heads, r: attention.rank
//   indexer_key     [r, H hd]
//   indexer_weight  [J, H hd]
#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "model/attention/attention.h"
#include "model/layout.h"

namespace ate {
namespace {

constexpr KindSetting kIndexerSettings[] = {
    {"rank", int64_t{8}, between(1, 1 << 16), "dimensions that keys are scored in", true},
    {"indexer_heads", int64_t{4}, between(1, 1 << 10), "heads of the indexer"}};

int64_t indexer_heads(const Config& config) { return config.attention.own.whole("indexer_heads"); }
int64_t indexer_width(const Config& config) { return config.attention.own.whole("rank"); }

// Heads [N, H, T, hd] side by side: [N, T, H hd].
at::Tensor side_by_side(const at::Tensor& heads) { return heads.detach().transpose(1, 2).flatten(2); }

class Indexer : public SparseAttention {
 public:
  Indexer(const Config& config, const FindParameter& find)
      : k_(config.attention.k),
        query_(find("indexer_query")),
        key_(find("indexer_key")),
        weight_(find("indexer_weight")) {}

  Selection select(const HeadInputs& x) const override {
    const Selection one = best_positions(shared_scores(x), k_);  // of every head
    const auto of_all = [&](const at::Tensor& y) {
      return y.expand({y.size(0), x.queries.size(1), y.size(2), y.size(3)}).contiguous();
    };
    return {of_all(one.positions), of_all(one.absent)};
  }

  at::Tensor selector_scores(const HeadInputs& x) const override {
    const at::Tensor scores = shared_scores(x);
    return scores.expand({scores.size(0), x.queries.size(1), scores.size(2), scores.size(3)});
  }

 private:
  // [N, 1, T, T]
  at::Tensor shared_scores(const HeadInputs& x) const {
    const at::Tensor input = side_by_side(x.queries);
    const int64_t heads = query_.size(0);
    const int64_t width = query_.size(1);
    const at::Tensor queries = at::matmul(input, query_.flatten(0, 1).t())
                                   .unflatten(2, {heads, width})
                                   .transpose(1, 2);                                          // [N, J, T, r]
    const at::Tensor keys = at::matmul(side_by_side(x.keys), key_.t()).unsqueeze(1);          // [N, 1, T, r]
    const at::Tensor weights = at::matmul(input, weight_.t()).transpose(1, 2).unsqueeze(-1);  // [N, J, T, 1]
    const double scale = 1 / std::sqrt(static_cast<double>(width * heads));
    at::Tensor scores;  // head by head: one array of T x T at a time
    for (int64_t j = 0; j < heads; ++j) {
      const at::Tensor products = at::matmul(queries.narrow(1, j, 1) * scale, keys.transpose(2, 3)).relu();
      const at::Tensor part = weights.narrow(1, j, 1) * products;
      scores = scores.defined() ? scores + part : part;
    }
    return x.mask.defined() ? scores + x.mask : scores;
  }

  int64_t k_;
  at::Tensor query_, key_, weight_;
};

void add_indexer_parameters(LayoutBuilder& layout, const std::string& prefix, const Config& config,
                            int64_t heads) {
  const int64_t input = heads * (config.body.width / config.body.heads);
  layout.add(prefix + "indexer_query", {indexer_heads(config), indexer_width(config), input},
             InitLaw::xavier_weight, input);
  layout.add(prefix + "indexer_key", {indexer_width(config), input}, InitLaw::xavier_weight, input);
  layout.add(prefix + "indexer_weight", {indexer_heads(config), input}, InitLaw::xavier_weight, input);
}

// The layer's maps and scores, a head's part of them, and exact attention over m keys.
double indexer_flops(const Config& config) {
  const int64_t sparse = config.attention.heads > 0 ? config.attention.heads : config.body.heads;
  const auto heads = static_cast<double>(sparse);
  const auto input = heads * static_cast<double>(config.body.width / config.body.heads);
  const auto j = static_cast<double>(indexer_heads(config));
  const auto r = static_cast<double>(indexer_width(config));
  const double maps = 2 * input * (j * r + r + j);
  const double scores = static_cast<double>(config.windows.length) * j * (2 * r + 2);
  return (maps + scores) / heads + exact_flops(config, keys_read(config));
}

}  // namespace

extern const AttentionDescription indexer_attention;
constinit const AttentionDescription indexer_attention = {
    .name = "indexer",
    .help = "a few small heads with weights of the query's choose k keys for all heads, then exact attention",
    .settings = kIndexerSettings,
    .learns = true,
    .selector = "indexer_",
    .check =
        [](const Config& config) {
          return attention_at_most("rank", indexer_width(config), config.body.width,
                                   "dimensions of the heads together");
        },
    .fit_student =
        [](const Config& teacher, AttentionConfig& student) {
          student.own.set("rank", std::min(student.own.whole("rank"), teacher.body.width));
        },
    .add_parameters = add_indexer_parameters,
    .flops = indexer_flops,
    .make = [](const Config& config, const FindParameter& find) -> std::unique_ptr<SparseAttention> {
      return std::make_unique<Indexer>(config, find);
    },
};

}  // namespace ate
