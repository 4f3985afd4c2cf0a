// Checks of what the document counts: speedups, crossover, complexity, memory, GPT-4.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "analysis/amdahl.h"
#include "analysis/complexity.h"
#include "analysis/gpt4.h"
#include "analysis/memory.h"
#include "claims/check.h"
#include "claims/shape.h"
#include "report/cells.h"
#include "report/exact_integer.h"
#include "support/text.h"

namespace ate {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kSameSpeedup = 0.1;  // share within which another count, or a clock, confirms a speedup
constexpr int64_t kHeadSize = 64;     // of the original report's tables
constexpr int64_t kElementBytes = 4;  // fp32, in which the original report counts memory

bool gives_row(const Shape& shape, const Json& given) {
  const Cost both = cost(Accounting::published, shape);
  return prints_as(to_double(both.full.total()) / 1e6, given["full_millions"], 1) &&
         prints_as(to_double(both.sparse.total()) / 1e6, given["sparse_millions"], 1) &&
         prints_as(both.ratio(), given["ratio"], 2);
}

// The width at which the published formula gives the row: the printed one, or else the one that 2 T^2 d has
// the printed full cost at. 0 when neither does.
int64_t width_behind(const Json& given) {
  const int64_t printed = given["d"];
  const int64_t length = given["T"];
  if (gives_row(document_shape(printed, length), given)) return printed;
  const double squares = 2.0 * static_cast<double>(length) * static_cast<double>(length);
  const auto solved = static_cast<int64_t>(
      std::lround(given["full_millions"].get<double>() * 1e6 / squares / kHeadSize) * kHeadSize);
  return solved > 0 && gives_row(document_shape(solved, length), given) ? solved : 0;
}

// "2,111,062,325"
std::string grouped(const Count& count) { return cell_text(exact_integer(count.str()), {}); }

// reproduced: the formula gives the row, and the corrected count the same speedup within 10 %. arithmetic
// only: the formula gives the row (at whatever width), the corrected count another speedup. contradicted:
// no width gives it.
Finding check_speedup_row(const Claim& claim, CheckContext& context) {
  const Json& given = claim.given;
  Finding finding;
  const int64_t width = width_behind(given);
  if (width == 0) {
    const Cost both = cost(Accounting::published, document_shape(given["d"], given["T"]));
    return {
        Verdict::contradicted, fmt::format("{:.2f}x by the original report's own formula", both.ratio()), {}};
  }
  const Shape shape = document_shape(width, given["T"]);
  const Cost published = cost(Accounting::published, shape);
  const double detailed = cost(Accounting::detailed, shape).ratio();
  const double corrected = cost(Accounting::corrected, shape).ratio();
  finding.evidence.push_back(
      fmt::format("2 T^2 d = {:.1f}M against T hd h + T h T + T k hd h + T h hd = {:.1f}M "
                  "multiply-accumulates at d = {}: one sparse head against {}.",
                  to_double(published.full.total()) / 1e6, to_double(published.sparse.total()) / 1e6, width,
                  counted(shape.heads, "dense head")));
  if (width != given["d"])
    finding.evidence.push_back(
        fmt::format("At the width that the row is labelled with, {}, the same formula gives {:.2f}x.",
                    given["d"].get<int64_t>(),
                    cost(Accounting::published, document_shape(given["d"], given["T"])).ratio()));
  finding.evidence.push_back(fmt::format(
      "The authors' longer formula gives {:.3f}x; every head counted on both sides, causal, {:.3f}x.",
      detailed, corrected));
  const double measured =
      measured_speedup(context.measured(shape), "sparse mlp_topk", "every head sparse", finding.evidence);
  finding.found = fmt::format("{:.2f}x by its formula{}; corrected {:.2f}x; clock {}", published.ratio(),
                              width == given["d"] ? "" : fmt::format(" at d {}", width), corrected,
                              times_or_not(measured));
  finding.verdict =
      is_near(corrected, given["ratio"], kSameSpeedup) ? Verdict::reproduced : Verdict::arithmetic_only;
  return finding;
}

// reproduced: the printed numbers are those of the printed width. contradicted: they are not.
Finding check_row_width(const Claim& claim, CheckContext&) {
  const Json& given = claim.given;
  const int64_t printed = given["d"];
  const int64_t width = width_behind(given);
  const Cost both = cost(Accounting::published, document_shape(printed, given["T"]));
  Finding finding;
  finding.verdict = width == printed ? Verdict::reproduced : Verdict::contradicted;
  finding.found = width == 0 ? "no width gives these numbers" : fmt::format("d = {}", width);
  finding.evidence = {
      fmt::format("At d = {} the original report's formula gives {:.1f}M and {:.2f}x, not {:.1f}M and {}x.",
                  printed, to_double(both.full.total()) / 1e6, both.ratio(),
                  given["full_millions"].get<double>(), given["ratio"].get<double>())};
  return finding;
}

// contradicted: the sparse path's cost, by the original report's own formula, grows with an exponent of T above
// 1.5, nearer to 2 than to what O(K) allows for a whole sequence, 1. reproduced: not above 1.1, and the
// clock agrees. arithmetic only: in between, or the clock disagrees.
Finding check_complexity(const Claim& claim, CheckContext& context) {
  const Shape shape = document_shape(claim.given["d"], 1024);
  const int64_t far = int64_t{1} << 20;
  const Exponents published = counted_exponents(Accounting::published, shape, {}, 4096, far);
  const Exponents corrected = counted_exponents(Accounting::corrected, shape, {}, 4096, far);
  std::vector<CostPoint> dense_points;
  std::vector<CostPoint> sparse_points;
  const int64_t longest = context.full() ? 16384 : 4096;
  for (Shape s = shape; s.length <= longest; s.length *= 2) {
    const MeasuredShape& measured = context.measured(s);
    const AttentionTiming* dense = measured.fastest_dense();
    const AttentionTiming* sparse = measured.find("sparse mlp_topk");
    if (dense == nullptr || sparse == nullptr || sparse->seconds.empty()) break;
    dense_points.push_back({static_cast<double>(s.length), dense->median()});
    sparse_points.push_back({static_cast<double>(s.length), sparse->median()});
  }
  const double timed = fit_exponent(sparse_points);
  Finding finding;
  finding.found = fmt::format("T^{:.2f} by its formula; clock {}", published.sparse,
                              std::isnan(timed) ? "not taken" : fmt::format("T^{:.2f}", timed));
  finding.verdict = published.sparse > 1.5                      ? Verdict::contradicted
                    : published.sparse <= 1.1 && !(timed > 1.1) ? Verdict::reproduced
                                                                : Verdict::arithmetic_only;
  finding.evidence = {
      "The selector has an output for each position and query: T h T, quadratic in T whatever k is.",
      fmt::format("Fitted from T = 4k to 1M at d = {}: dense T^{:.2f}, sparse T^{:.2f} by the published "
                  "formula, T^{:.2f} corrected.",
                  shape.width, published.full, published.sparse, corrected.sparse)};
  if (!std::isnan(timed))
    finding.evidence.push_back(fmt::format(
        "Timed from T = 1k to {}k: fastest dense T^{:.2f}, every head sparse T^{:.2f}.",
        static_cast<int64_t>(sparse_points.back().length) / 1024, fit_exponent(dense_points), timed));
  return finding;
}

// reproduced: the printed bytes come out, and peak memory of dense fused attention over that of the sparse
// path is the claimed factor within 10 %. arithmetic only: the bytes come out, the paths need others.
// contradicted: they do not come out.
Finding check_memory_row(const Claim& claim, CheckContext& context) {
  const Json& given = claim.given;
  Shape shape = document_shape(given["d"], given["T"]);
  shape.keys = std::min<int64_t>(32, shape.length / 8);
  Shape eight = shape;
  eight.batch = 8;
  const double full = to_double(memory::scores(eight, kElementBytes)) / 1e6;
  const double selected = to_double(memory::selected_scores(eight, kElementBytes)) / 1e6;
  const bool prints = prints_as(full, given["full_megabytes"], 1) &&
                      prints_as(selected, given["sparse_megabytes"], 1) &&
                      prints_as(full / selected, given["reduction"], 1);
  double fused = to_double(memory::fused_peak(shape, kElementBytes));
  double sparse = to_double(memory::sparse_peak(shape, kElementBytes));
  std::string how = "counted";
  const MeasuredShape& measured = context.measured(shape);
  const AttentionTiming* dense_path = measured.fastest_dense();
  const AttentionTiming* sparse_path = measured.find("sparse mlp_topk");
  if (dense_path != nullptr && dense_path->fused && dense_path->peak_bytes > 0 && sparse_path != nullptr &&
      sparse_path->peak_bytes > 0) {
    fused = static_cast<double>(dense_path->peak_bytes);
    sparse = static_cast<double>(sparse_path->peak_bytes);
    how = "measured";
  }
  Finding finding;
  finding.verdict = !prints                                                     ? Verdict::contradicted
                    : is_near(fused / sparse, given["reduction"], kSameSpeedup) ? Verdict::reproduced
                                                                                : Verdict::arithmetic_only;
  finding.found = fmt::format("{:.1f}x by its formula; {} {:.2f}x", full / selected, how, fused / sparse);
  finding.evidence = {
      fmt::format("4 B H T^2 = {:.1f} MB against 4 B H T k = {:.1f} MB with B = 8, k = min(32, T / 8) = {}.",
                  full, selected, shape.keys),
      fmt::format("Peak of one sequence, {}: dense fused {:.1f} MB, the sparse head as arrays {:.1f} MB. A "
                  "fused kernel stores no scores, and the selector's outputs alone are 4 H T^2 = {:.1f} MB.",
                  how, fused / 1e6, sparse / 1e6,
                  to_double(memory::selector_outputs(shape, kElementBytes)) / 1e6)};
  return finding;
}

// reproduced: the formula gives the ratio within 1 %, and the corrected count within 10 %. arithmetic only:
// the formula alone. contradicted: not even the formula.
Finding check_gpt4_row(const Claim& claim, CheckContext&) {
  const Shape s = gpt4::shape_at({}, claim.given["T"], claim.id);
  const Count full = gpt4::full(s);
  const Count sparse = gpt4::sparse(s);
  const double ratio = ate::ratio(full, sparse);
  const Cost corrected = cost(Accounting::corrected, s);
  const Amdahl layer = amdahl(s, Scope::layer);
  Shape causal = s;
  causal.causal = true;
  Finding finding;
  finding.verdict = !is_near(ratio, claim.given["ratio"], 0.01) ? Verdict::contradicted
                    : is_near(corrected.ratio(), claim.given["ratio"], kSameSpeedup)
                        ? Verdict::reproduced
                        : Verdict::arithmetic_only;
  finding.found = fmt::format("{:.2f}x by its formula; corrected {:.2f}x; layer at most {:.2f}x", ratio,
                              corrected.ratio(), layer.limit);
  finding.evidence = {
      fmt::format("2 B H T^2 hd L / (B H T hd (1 + k) L) = {} / {}, which is 2 T / (1 + k) with k = {}: "
                  "nothing in it finds the keys. The model's shape is a guess, which cancels.",
                  grouped(full), grouped(sparse), s.keys),
      fmt::format("With a selector (h = {}) in every head: {:.2f}x without a mask, {:.2f}x causal.", s.hidden,
                  corrected.ratio(), cost(Accounting::corrected, causal).ratio()),
      fmt::format("Attention is {:.1f} % of a layer of the guessed shape: free attention would make the "
                  "layer {:.2f}x as fast without a mask, {:.2f}x causal.",
                  100 * layer.attention_share, layer.limit, amdahl(causal, Scope::layer).limit)};
  return finding;
}

// reproduced: the printed count is the formula's within 1 %. contradicted: it is not.
Finding check_gpt4_units(const Claim& claim, CheckContext&) {
  const Shape s = gpt4::shape_at({}, claim.given["T"], claim.id);
  const double printed = claim.given["full_millions"].get<double>() * 1e6;
  const double factor = to_double(gpt4::full(s)) / printed;
  Finding finding;
  finding.verdict = is_near(factor, 1, 0.01) ? Verdict::reproduced : Verdict::contradicted;
  finding.found = fmt::format("{}M: {:.0f} times as many", grouped(gpt4::full(s) / 1000000), factor);
  finding.evidence = {
      fmt::format("2 B H T^2 hd L = {} multiply-accumulates at the guessed shape; {:.0f}M printed.",
                  grouped(gpt4::full(s)), printed / 1e6)};
  return finding;
}

constexpr Member kWidthMember = {"d", MemberType::whole, "Width of the model, in the document's table",
                                 between(64, 1 << 20)};
constexpr Member kFullMillions = {"full_millions", MemberType::number,
                                  "Printed cost of dense attention, millions", above(0)};
constexpr Member kSparseMillions = {"sparse_millions", MemberType::number,
                                    "Printed cost of sparse attention, millions", above(0)};
constexpr Member kPrintedRatio = {"ratio", MemberType::number, "Printed ratio", above(0)};

constexpr Member kRow[] = {kWidthMember, kLengthMember, kFullMillions, kSparseMillions, kPrintedRatio};
constexpr Member kComplexity[] = {kWidthMember};
constexpr Member kMemoryRow[] = {
    kWidthMember,
    kLengthMember,
    {"full_megabytes", MemberType::number, "Printed memory of dense attention, MB", at_least(0)},
    {"sparse_megabytes", MemberType::number, "Printed memory of sparse attention, MB", at_least(0)},
    {"reduction", MemberType::number, "Printed ratio of the two", above(0)},
};
constexpr Member kGpt4Row[] = {kLengthMember, kFullMillions, kSparseMillions, kPrintedRatio};
constexpr Member kGpt4Units[] = {kLengthMember, kFullMillions};

}  // namespace

extern const CheckDescription speedup_row_check, row_width_check, complexity_check, memory_row_check,
    gpt4_row_check, gpt4_units_check;

constinit const CheckDescription speedup_row_check = {
    .name = "speedup_row",
    .help = "a row of the original report's table of speedups, by its formula, counted and timed",
    .given = kRow,
    .run = check_speedup_row,
};
constinit const CheckDescription row_width_check = {
    .name = "row_width",
    .help = "whether such a row has the width that it is labelled with",
    .given = kRow,
    .run = check_row_width,
};
constinit const CheckDescription complexity_check = {
    .name = "complexity",
    .help = "by which power of the length the original report's sparse path grows, by its formula and timed",
    .given = kComplexity,
    .run = check_complexity,
};
constinit const CheckDescription memory_row_check = {
    .name = "memory_row",
    .help = "a row of the original report's table of memory, by its formula and measured",
    .given = kMemoryRow,
    .run = check_memory_row,
};
constinit const CheckDescription gpt4_row_check = {
    .name = "gpt4_row",
    .help = "a row of the original report at GPT-4's guessed shape",
    .given = kGpt4Row,
    .run = check_gpt4_row,
};
constinit const CheckDescription gpt4_units_check = {
    .name = "gpt4_units",
    .help = "the unit of such a row",
    .given = kGpt4Units,
    .run = check_gpt4_units,
};

}  // namespace ate
