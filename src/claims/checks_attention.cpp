// Checks of what attention of any kind costs, counted and timed, at a shape of the claim's.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "analysis/complexity.h"
#include "analysis/crossover.h"
#include "analysis/memory.h"
#include "claims/check.h"
#include "claims/shape.h"
#include "model/layout.h"

namespace ate {
namespace {

using Json = nlohmann::ordered_json;

constexpr int64_t kBytesOfNumber = 4;  // fp32
constexpr int64_t kFitFrom = 4096;     // lengths over which exponents are fitted
constexpr int64_t kFitTo = int64_t{1} << 20;

bool is_mlp_topk(const std::string& kind) { return kind == AttentionKind::mlp_topk->name; }

// Operations of attention, forward, one layer, as this program executes them: the masked half too.
double executed_flops(const std::string& kind, const Shape& shape) {
  const AttentionKind attention(kind);
  return static_cast<double>(shape.length) * static_cast<double>(shape.heads) *
         attention->flops(attention_config(shape, attention));
}

// What the kind itself asks of a shape, at this member of the claim.
void add_kind_problems(const std::string& kind, const Shape& shape, const std::string& pointer,
                       std::vector<Problem>& problems) {
  const AttentionKind attention(kind);
  if (attention->check == nullptr) return;
  for (const Problem& problem : attention->check(attention_config(shape, attention)))
    problems.push_back({pointer, kind + ": " + problem.what});
}

int64_t attention_parameters(const std::string& kind, const Shape& shape) {
  const AttentionKind attention(kind);
  LayoutBuilder builder;
  if (attention->add_parameters != nullptr)
    attention->add_parameters(builder, "", attention_config(shape, attention), shape.heads);
  return 4 * shape.width * (shape.width + 1) + builder.layout.parameters;
}

// A ratio by the count that decides, and by others that the field uses; NaN where a count does not know a kind.
struct CountedRatio {
  double decides = 0;
  std::vector<std::pair<std::string, double>> others;
  std::string counted;  // what decides, a clause
};

double bytes_of(const std::string& kind, const Shape& shape) {
  return to_double(is_mlp_topk(kind) ? memory::sparse_peak(shape, kBytesOfNumber)
                                     : memory::fused_peak(shape, kBytesOfNumber));
}

CountedRatio counted_ratio(const std::string& quantity, const std::string& of, const std::string& to,
                           const Shape& shape) {
  if (quantity == "parameters")
    return {static_cast<double>(attention_parameters(of, shape)) /
                static_cast<double>(attention_parameters(to, shape)),
            {},
            "weights of one layer's attention, projections included"};
  const auto dense_first = [&](double ratio) { return is_mlp_topk(of) ? 1 / ratio : ratio; };
  if (quantity == "bytes")
    return {
        bytes_of(of, shape) / bytes_of(to, shape),
        of == to
            ? decltype(CountedRatio::others){}
            : decltype(CountedRatio::others){{"dense keeping its scores",
                                              dense_first(
                                                  to_double(memory::naive_peak(shape, kBytesOfNumber)) /
                                                  to_double(memory::sparse_peak(shape, kBytesOfNumber)))}},
        "peak of one layer in fp32, dense by a fused kernel, mlp_topk as arrays"};
  CountedRatio ratio{executed_flops(of, shape) / executed_flops(to, shape),
                     {},
                     "operations of one layer, forward, as ate executes them, the masked half included"};
  if (of == to || (!is_mlp_topk(of) && !is_mlp_topk(to)) || (of != "dense" && to != "dense")) return ratio;
  ratio.others.emplace_back("as ate executes them", ratio.decides);
  ratio.decides = dense_first(cost(Accounting::corrected, shape).ratio());
  ratio.counted = "operations of one layer, forward, causal, every head on both sides";
  for (const Accounting accounting : {Accounting::published, Accounting::detailed})
    ratio.others.emplace_back(std::string("the ") + accounting_name(accounting) + " formula",
                              dense_first(cost(accounting, shape).ratio()));
  return ratio;
}

// reproduced: the count gives the ratio within the tolerance. arithmetic only: another count does. contradicted: none.
Finding check_cost_ratio(const Claim& claim, CheckContext&) {
  const Json& given = claim.given;
  const std::string of = given["attention"][0];
  const std::string to = given["attention"][1];
  const std::string quantity = given["quantity"];
  const double share = given["relative_tolerance"];
  const CountedRatio ratio = counted_ratio(quantity, of, to, claimed_shape(given, given["T"]));
  const auto fits = [&](double value) { return is_near(value, given["ratio"], share); };
  Finding finding;
  finding.verdict = fits(ratio.decides) ? Verdict::reproduced
                    : std::any_of(ratio.others.begin(), ratio.others.end(),
                                  [&](const auto& other) { return fits(other.second); })
                        ? Verdict::arithmetic_only
                        : Verdict::contradicted;
  finding.found = fmt::format("{:.4g}x", ratio.decides);
  finding.evidence = {fmt::format("{} over {}, counted as {}.", of, to, ratio.counted)};
  for (const auto& [name, value] : ratio.others)
    finding.evidence.push_back(fmt::format("By another count, {}: {:.4g}x.", name, value));
  return finding;
}

std::vector<Problem> cost_ratio_problems(const Claim& claim) {
  const Json& given = claim.given;
  std::vector<Problem> problems;
  if (given["attention"].size() != 2)
    return {{"/attention", "expected two kinds: the ratio is the first one's cost over the second one's"}};
  for (const Json& kind : given["attention"]) {
    add_kind_problems(kind, claimed_shape(given, given["T"]), "/attention", problems);
    if (given["quantity"] == "bytes" && kind != "dense" && !is_mlp_topk(kind))
      problems.push_back(
          {"/quantity", "bytes are counted for dense and mlp_topk, not for " + kind.get<std::string>()});
  }
  return problems;
}

// The exponent of T by which the kind's cost grows.
double exponent_of(const std::string& kind, Accounting accounting, const Shape& shape, Pass pass) {
  if (is_mlp_topk(kind)) return counted_exponents(accounting, shape, {pass}, kFitFrom, kFitTo).sparse;
  if (kind == "dense") return counted_exponents(accounting, shape, {pass}, kFitFrom, kFitTo).full;
  std::vector<CostPoint> points;
  for (Shape s = shape; (s.length = points.empty() ? kFitFrom : 2 * s.length) <= kFitTo;)
    points.push_back({static_cast<double>(s.length), executed_flops(kind, s)});
  return fit_exponent(points);
}

// reproduced: the exponent is the claimed one within the tolerance. arithmetic only: by the published formula alone.
// contradicted: it is another.
Finding check_cost_exponent(const Claim& claim, CheckContext&) {
  const Json& given = claim.given;
  const std::string kind = given["attention"];
  const Pass pass = given["pass"] == "forward" ? Pass::forward : Pass::both;
  const Shape shape = claimed_shape(given, kFitFrom);
  const double found = exponent_of(kind, Accounting::corrected, shape, pass);
  const double published = exponent_of(kind, Accounting::published, shape, Pass::forward);
  const auto fits = [&](double p) {
    return std::abs(p - given["exponent"].get<double>()) <= given["tolerance"].get<double>();
  };
  Finding finding;
  finding.verdict = fits(found)       ? Verdict::reproduced
                    : fits(published) ? Verdict::arithmetic_only
                                      : Verdict::contradicted;
  finding.found = fmt::format("T^{:.2f}", found);
  finding.evidence = {fmt::format("Cost of {} over a whole sequence, {}, fitted from T = 4k to 1M at d = {}.",
                                  kind, pass == Pass::forward ? "forward" : "forward and backward",
                                  shape.width)};
  if (AttentionKind(kind)->learns)
    finding.evidence.emplace_back(
        "Its selector scores every position, and in training it learns from dense attention, which is "
        "computed "
        "beside it and is not in this count.");
  return finding;
}

// Of a claim about one kind, at its T where it has one.
std::vector<Problem> kind_problems(const Claim& claim) {
  const int64_t length = claim.given.contains("T") ? claim.given["T"].get<int64_t>() : kFitFrom;
  std::vector<Problem> problems;
  add_kind_problems(claim.given["attention"], claimed_shape(claim.given, length), "/attention", problems);
  return problems;
}

// The least length at which the kind costs less than dense attention: by doubling, then by bisection.
std::optional<int64_t> executed_crossover(const std::string& kind, Shape shape) {
  const auto cheaper = [&](int64_t length) {
    shape.length = length;
    return executed_flops(kind, shape) < executed_flops("dense", shape);
  };
  int64_t high = 1;
  while (high <= kLongest && !cheaper(high)) high *= 2;
  if (high > kLongest) return std::nullopt;
  int64_t low = high / 2;  // not cheaper
  while (high - low > 1) {
    const int64_t middle = low + (high - low) / 2;
    (cheaper(middle) ? high : low) = middle;
  }
  return high;
}

// reproduced: the kind costs less from within half and twice the claimed T. arithmetic only (mlp_topk): only by the
// published formula. contradicted: it does not.
Finding check_crossover(const Claim& claim, CheckContext&) {
  const int64_t claimed = claim.given["T"];
  const std::string kind = claim.given["attention"];
  const Shape shape = claimed_shape(claim.given, claimed);
  const auto text = [](const std::optional<int64_t>& length) {
    return length ? std::to_string(*length) : std::string("never");
  };
  const auto agrees = [&](const std::optional<int64_t>& length) {
    return length && 2 * *length >= claimed && *length <= 2 * claimed;
  };
  Finding finding;
  if (!is_mlp_topk(kind)) {
    const std::optional<int64_t> from = executed_crossover(kind, shape);
    return {agrees(from) ? Verdict::reproduced : Verdict::contradicted,
            "T = " + text(from),
            {fmt::format(
                "First T at which {} takes fewer operations than dense attention as ate executes both, at "
                "d = {}, k = {}; never: at no T up to 2^40.",
                kind, shape.width, shape.keys)}};
  }
  const std::optional<int64_t> published = find_crossover(Accounting::published, shape).from;
  const std::optional<int64_t> detailed = find_crossover(Accounting::detailed, shape).from;
  const std::optional<int64_t> corrected = find_crossover(Accounting::corrected, shape).from;
  finding.verdict = agrees(corrected)   ? Verdict::reproduced
                    : agrees(published) ? Verdict::arithmetic_only
                                        : Verdict::contradicted;
  finding.found = fmt::format("T = {} by its formula, {} detailed, corrected {}", text(published),
                              text(detailed), text(corrected));
  finding.evidence = {
      fmt::format("First T at which the sparse path costs less, by bisection at d = {}, k = {}, h = {}; "
                  "never: at no T up to 2^40.",
                  shape.width, shape.keys, shape.hidden)};
  for (const Accounting accounting : {Accounting::published, Accounting::detailed})
    if (const std::optional<Shape> first = scan_growing_shapes(accounting, shape))
      finding.evidence.push_back(fmt::format(
          "Scanned as the authors did, T doubling and d = 64 max(2, T / 64) with it, the {} formula first "
          "favours sparse at d = {}, T = {} ({:.4f}x).",
          accounting_name(accounting), first->width, first->length, cost(accounting, *first).ratio()));
  return finding;
}

// reproduced: the clock gives the speedup within the tolerance, or at_least so much. contradicted: it gives another.
// not run: a path could not be timed here.
Finding check_time_ratio(const Claim& claim, CheckContext& context) {
  const Json& given = claim.given;
  const std::string kind = given["attention"];
  const double claimed = given["speedup"];
  const double share = given["relative_tolerance"];
  const MeasuredShape& measured = context.measured(claimed_shape(given, given["T"]), !is_mlp_topk(kind));
  Finding finding;
  const double speedup = measured_speedup(measured, "sparse " + kind, kind, finding.evidence);
  const bool at_least = given["at_least"];
  finding.verdict = std::isnan(speedup) ? Verdict::not_run
                    : (at_least ? speedup >= claimed * (1 - share) : is_near(speedup, claimed, share))
                        ? Verdict::reproduced
                        : Verdict::contradicted;
  finding.found = times_or_not(speedup);
  finding.evidence.push_back(fmt::format("Reproduced takes {}{:.4g}x, within {:.4g} %.",
                                         at_least ? "at least " : "", claimed, 100 * share));
  return finding;
}

std::vector<Problem> compared_kind_problems(const Claim& claim) {
  if (claim.given["attention"] == "dense")
    return {{"/attention", "expected a kind other than dense, which it is compared with"}};
  return kind_problems(claim);
}

constexpr Member kAttention = {
    "attention", MemberType::text, "The kind of attention that is compared with dense",
    {},          nullptr,          attention_names};
constexpr Member kAttentionOrMlp = {"attention", MemberType::text, "The kind of attention",
                                    {},          "\"mlp_topk\"",   attention_names};

constexpr Member kCostRatio[] = {
    kLengthMember,
    {"attention",
     MemberType::texts,
     "Two kinds of attention: the ratio is the first one's cost over the second one's",
     {},
     nullptr,
     attention_names},
    {"quantity",
     MemberType::text,
     "What is counted, of one layer; bytes: of dense and mlp_topk alone",
     {},
     "\"flops\"",
     [] {
       return std::vector<std::string>{"flops", "bytes", "parameters"};
     }},
    {"ratio", MemberType::number, "The ratio claimed", above(0)},
    {"relative_tolerance", MemberType::number, "Share of the ratio by which the count may differ",
     between(0, 1), "0.01"},
};
constexpr Member kCostExponent[] = {
    kAttentionOrMlp,
    {"pass",
     MemberType::text,
     "What is counted; both: a training step's two passes",
     {},
     "\"forward\"",
     [] {
       return std::vector<std::string>{"forward", "both"};
     }},
    {"exponent", MemberType::number, "The exponent claimed: 1 for a cost that is linear in T",
     between(0, 10)},
    {"tolerance", MemberType::number, "By which the exponent may differ", between(0, 1), "0.1"},
};
constexpr Member kCrossover[] = {
    {"T", MemberType::whole, "The length claimed, from which the kind costs less", between(1, 1 << 24)},
    kAttentionOrMlp,
};
constexpr Member kTimeRatio[] = {
    kLengthMember,
    kAttention,
    {"speedup", MemberType::number, "Time of the fastest dense path over the kind's, as claimed", above(0)},
    {"relative_tolerance", MemberType::number, "Share of the speedup by which the clock may differ",
     between(0, 1), "0.1"},
    {"at_least", MemberType::flag, "A greater speedup reproduces the claim too", {}, "false"},
};

}  // namespace

extern const CheckDescription cost_ratio_check, cost_exponent_check, crossover_check, time_ratio_check;

constinit const CheckDescription cost_ratio_check = {
    .name = "cost_ratio",
    .help = "how operations, bytes or parameters of two kinds of attention compare",
    .given = kCostRatio,
    .shape = true,
    .run = check_cost_ratio,
    .problems = cost_ratio_problems,
};
constinit const CheckDescription cost_exponent_check = {
    .name = "cost_exponent",
    .help = "by which power of the length the cost of a kind of attention grows",
    .given = kCostExponent,
    .shape = true,
    .run = check_cost_exponent,
    .problems = kind_problems,
};
constinit const CheckDescription crossover_check = {
    .name = "crossover",
    .help = "from which length a kind of attention costs less than dense",
    .given = kCrossover,
    .shape = true,
    .run = check_crossover,
    .problems = compared_kind_problems,
};
constinit const CheckDescription time_ratio_check = {
    .name = "time_ratio",
    .help = "how much faster than the fastest dense path a kind of attention runs on this machine",
    .given = kTimeRatio,
    .shape = true,
    .run = check_time_ratio,
    .problems = compared_kind_problems,
};

}  // namespace ate
