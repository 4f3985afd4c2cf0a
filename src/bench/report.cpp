#include "bench/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "analysis/accounting.h"
#include "analysis/complexity.h"
#include "support/text.h"

namespace ate {
namespace {

using Json = nlohmann::ordered_json;

std::string pass_of(const std::vector<MeasuredShape>& shapes) {
  if (shapes.empty()) return "forward";
  return shapes[0].decode ? "decode" : shapes[0].backward ? "backward" : "forward";
}

}  // namespace

double predicted_speedup(const AttentionTiming& timing) {
  if (timing.predicted > 0) return timing.predicted;
  Shape shape = timing.shape;
  shape.selector_outputs = SelectorOutputs::all;  // what the measured path computes
  const Cost both = cost(Accounting::corrected, shape);
  const double share = static_cast<double>(timing.heads) / static_cast<double>(timing.shape.heads);
  return both.ratio() / share;
}

void add_measured_curves(CurvePlot& plot, const std::vector<MeasuredShape>& shapes) {
  constexpr size_t kPredicted = 3;  // colours that no accounting has
  constexpr size_t kMeasured = 4;
  if (shapes.empty()) return;
  for (Curve& curve : plot.curves)
    if (curve.panel.empty()) curve.panel = "by each accounting";
  for (const MeasuredShape& measured : shapes)
    for (const AttentionTiming& timing : measured.timings) {
      const AttentionTiming* const dense = measured.fastest_dense();
      if (timing.dense || timing.seconds.empty() || dense == nullptr) continue;
      const std::string panel =
          fmt::format("{}, d {}, k {}", timing.path, timing.shape.width, timing.shape.keys);
      const auto add = [&](const char* name, size_t colour, double y) {
        auto curve = std::find_if(plot.curves.begin(), plot.curves.end(),
                                  [&](const Curve& c) { return c.panel == panel && c.name == name; });
        if (curve == plot.curves.end()) {
          plot.curves.push_back({name, {}, {}, colour, colour == kPredicted, panel});
          curve = plot.curves.end() - 1;
        }
        curve->points.push_back({static_cast<double>(timing.shape.length), y, NAN, NAN});
      };
      add("by FLOPs", kPredicted, predicted_speedup(timing));
      add("measured", kMeasured, dense->median() / timing.median());
    }
}

Table measured_rows(const std::vector<MeasuredShape>& shapes) {
  Table table{
      "measured",
      fmt::format(
          "Wall-clock of attention, {}, {}; speedup over LibTorch's fastest dense path, and over ate's",
          pass_of(shapes), shapes.empty() ? "" : shapes[0].device),
      {{"d", "d"},
       {"T", "T"},
       {"heads", "H"},
       {"k", "k"},
       {"batch", "B"},
       {"path", "path"},
       {"median_seconds", "median ms", 3, 1e-3},
       {"least_seconds", "least", 3, 1e-3},
       {"most_seconds", "most", 3, 1e-3},
       {"runs", "runs"},
       {"peak_bytes", "memory MB", 1, 1e6},
       {"speedup", "speedup", 3},
       {"speedup_over_own_dense", "over ate's", 3},
       {"predicted_speedup", "by FLOPs", 3},
       {"remark", "remark"},
       {"hidden", "h", -1, 1, true},
       {"kv_heads", "kv_heads", -1, 1, true},
       {"causal", "causal", -1, 1, true},
       {"pass", "pass", -1, 1, true},
       {"device", "device", -1, 1, true}},  // with its threads and the type of the numbers
      {},
      2};
  for (const MeasuredShape& measured : shapes) {
    const AttentionTiming* fastest = measured.fastest_dense();
    const AttentionTiming* own = measured.own_dense();
    for (const AttentionTiming& timing : measured.timings) {
      const Shape& s = timing.shape;
      const double speedup = fastest == nullptr ? std::nan("") : fastest->median() / timing.median();
      const double over_own = own == nullptr ? std::nan("") : own->median() / timing.median();
      std::string remark = timing.reason;
      if (&timing == fastest) remark = "fastest dense";
      table.rows.push_back({s.width,
                            s.length,
                            s.heads,
                            s.keys,
                            s.batch,
                            timing.path,
                            number_or_null(timing.median()),
                            number_or_null(timing.least()),
                            number_or_null(timing.most()),
                            timing.seconds.size(),
                            timing.peak_bytes > 0 ? Json(timing.peak_bytes) : Json(nullptr),
                            number_or_null(speedup),
                            number_or_null(over_own),
                            timing.dense ? Json(nullptr) : number_or_null(predicted_speedup(timing)),
                            remark,
                            s.hidden,
                            s.kv_heads,
                            s.causal,
                            pass_of(shapes),
                            measured.device});
    }
  }
  return table;
}

std::vector<std::string> measured_notes(const std::vector<MeasuredShape>& shapes) {
  if (pass_of(shapes) == "decode")
    return {
        "decode: one query of each head against a cache of T keys, its own included. window reads the last "
        "k; block_topk "
        "its own block and those whose mean keys, kept beside the cache, have the largest products with the "
        "query."};
  int wins = 0;
  int ran = 0;
  std::map<int64_t, std::pair<std::vector<CostPoint>, std::vector<CostPoint>>> by_width;
  for (const MeasuredShape& measured : shapes) {
    const AttentionTiming* dense = measured.fastest_dense();
    const AttentionTiming* sparse = measured.find("sparse mlp_topk");
    if (dense == nullptr || sparse == nullptr || sparse->seconds.empty()) continue;
    ++ran;
    if (sparse->median() < dense->median()) ++wins;
    auto& [dense_points, sparse_points] = by_width[sparse->shape.width];
    dense_points.push_back({static_cast<double>(sparse->shape.length), dense->median()});
    sparse_points.push_back({static_cast<double>(sparse->shape.length), sparse->median()});
  }
  std::vector<std::string> notes = {fmt::format(
      "measured: at {} of {} that ran on {}, every head of the original report's kind, mlp_topk, took "
      "less time than the fastest dense path. Selectors are untrained (the time does not depend on "
      "their weights). On a CPU, in fp32 and from T 128 on, window, block_topk and certified, in blocks of "
      "16, 32 or a "
      "multiple of 64 keys, run on ate's kernels; all other kinds as plain array operations.",
      wins, counted(ran, "shape"), shapes.empty() ? "no device" : shapes[0].device)};
  for (const auto& [width, points] : by_width)
    if (const double exponent = fit_exponent(points.second); std::isfinite(exponent))
      notes.push_back(
          fmt::format("measured at d {}: time grows as T^{:.2f} for the fastest dense path, T^{:.2f} with "
                      "every head mlp_topk.",
                      width, fit_exponent(points.first), exponent));
  return notes;
}

}  // namespace ate
