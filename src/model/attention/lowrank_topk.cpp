// lowrank_topk: per head, query and key are projected to r dimensions by learned matrices, whose products score the
// keys; the k best are read exactly (an indexer as in DeepSeek-V3.2, 2025; in r dimensions of the head, as in Loki,
// Singhania et al. 2024). The projections learn from the selector's loss alone.
//   lowrank_query, lowrank_key   [H, r, hd]
#include <ATen/ATen.h>

#include <algorithm>

#include "model/attention/attention.h"
#include "model/layout.h"

namespace ate {
namespace {

constexpr KindSetting kLowrankSettings[] = {
    {"rank", int64_t{8}, between(1, 1 << 16), "dimensions that keys are scored in", true}};

int64_t rank(const Config& config) { return config.attention.own.whole("rank"); }
int64_t head_width(const Config& config) { return config.body.width / config.body.heads; }

class LowRankTopK : public SparseAttention {
 public:
  LowRankTopK(const Config& config, const FindParameter& find)
      : k_(config.attention.k), query_(find("lowrank_query")), key_(find("lowrank_key")) {}

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

void add_lowrank_parameters(LayoutBuilder& layout, const std::string& prefix, const Config& config,
                            int64_t heads) {
  const int64_t width = head_width(config);
  for (const char* name : {"lowrank_query", "lowrank_key"})
    layout.add(prefix + name, {heads, rank(config), width}, InitLaw::xavier_weight, width);
}

// Projections, scores in r dimensions, exact attention over m keys.
double lowrank_flops(const Config& config) {
  const auto width = static_cast<double>(head_width(config));
  const auto r = static_cast<double>(rank(config));
  return 4 * width * r + 2 * static_cast<double>(config.windows.length) * r +
         exact_flops(config, keys_read(config));
}

}  // namespace

extern const AttentionDescription lowrank_topk_attention;
constinit const AttentionDescription lowrank_topk_attention = {
    .name = "lowrank_topk",
    .help = "scores in r dimensions choose k keys, then exact attention over them",
    .settings = kLowrankSettings,
    .learns = true,
    .selector = "lowrank_",
    .check =
        [](const Config& config) {
          return attention_at_most("rank", rank(config), head_width(config), "dimensions of a head");
        },
    .fit_student =
        [](const Config& teacher, AttentionConfig& student) {
          student.own.set("rank", std::min(student.own.whole("rank"), head_width(teacher)));
        },
    .add_parameters = add_lowrank_parameters,
    .flops = lowrank_flops,
    .make = [](const Config& config, const FindParameter& find) -> std::unique_ptr<SparseAttention> {
      return std::make_unique<LowRankTopK>(config, find);
    },
};

}  // namespace ate
