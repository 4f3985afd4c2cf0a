// Checks that train: what a study of the claim's config says of an arm. They read the study's result as its file has
// it, where names and meaning are a contract with scripts.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "claims/check.h"
#include "config/enum_names.h"
#include "support/json.h"
#include "support/names.h"

namespace ate {
namespace {

using Json = nlohmann::ordered_json;

const char* const kFields[] = {"mean_loss", "mean_excess", "perplexity", "parameters", "flops_per_token"};

std::vector<std::string> arm_names(const Config& config) {
  std::vector<std::string> names;
  for (const Arm& arm : config.study.arms) names.emplace_back(enum_name(arm));
  return names;
}

const Arm& arm_called(const Config& config, const std::string& name) {
  return *std::find_if(config.study.arms.begin(), config.study.arms.end(),
                       [&](const Arm& arm) { return enum_name(arm) == name; });
}

// A problem at `pointer` unless the name is among those.
void require_arm(const std::string& name, const std::vector<std::string>& names, const std::string& pointer,
                 std::vector<Problem>& problems) {
  if (std::find(names.begin(), names.end(), name) != names.end()) return;
  problems.push_back({pointer, names.empty() ? "the study has one arm, which there is nothing to compare with"
                                             : "expected " + either(names) + did_you_mean(name, names) +
                                                   ", the arms of the config, got \"" + name + "\""});
}

Json study_of(const Claim& claim, CheckContext& context) {
  return to_json(context.study(claim_choice(claim)));
}

// The entry of an arm in a list of the result.
const Json& entry_of(const Json& list, const std::string& arm) {
  return *std::find_if(list.begin(), list.end(), [&](const Json& entry) { return entry["arm"] == arm; });
}

double number_of(const Json& value) { return value.is_number() ? value.get<double>() : std::nan(""); }

// Canaries that failed, a sentence each.
std::vector<std::string> failed_canaries(const Json& result) {
  std::vector<std::string> out;
  for (const Json& canary : result["canaries"])
    if (!canary["passed"])
      out.push_back(fmt::format("Canary {}: {}.", canary["name"].get<std::string>(),
                                canary["detail"].get<std::string>()));
  return out;
}

// reproduced: the study gives the word, and where a least effect is claimed the whole interval is beyond it.
// contradicted: it gives another word, or the whole interval is short of the effect. unsupported: it is undecided, or
// gives none, as when a canary fails.
Finding check_study_verdict(const Claim& claim, CheckContext& context) {
  const Json result = study_of(claim, context);
  const Json& c = entry_of(result["comparisons"], claim.given["arm"]);
  const std::string verdict = c["verdict"];
  const std::string word = verdict.substr(verdict.rfind(' ') + 1);  // after "exploratory: "
  const std::string expected = claim.given["verdict"];
  const double low = number_of(c["ci95"][0]);
  const double high = number_of(c["ci95"][1]);
  Finding finding;
  finding.found = verdict;
  finding.evidence = failed_canaries(result);
  if (verdict.rfind("none", 0) == 0) {
    finding.verdict = Verdict::unsupported;
    return finding;
  }
  finding.found = fmt::format("{} ({:+.4f} nats, 95 % {:+.4f} to {:+.4f})", verdict,
                              number_of(c["mean_difference"]), low, high);
  finding.verdict = word == "undecided" ? Verdict::unsupported
                    : word == expected  ? Verdict::reproduced
                                        : Verdict::contradicted;
  if (finding.verdict == Verdict::reproduced && claim.given["least"].is_number()) {
    const double least = claim.given["least"];
    const double nearest = expected == "better" ? -high : low;  // the interval's least effect
    const double farthest = expected == "better" ? -low : high;
    finding.verdict = nearest >= least   ? Verdict::reproduced
                      : farthest < least ? Verdict::contradicted
                                         : Verdict::unsupported;
    finding.evidence.push_back(
        fmt::format("Claimed is an effect of {:.4g} nats at least; the interval goes from {:.4g} "
                    "to {:.4g}.",
                    least, nearest, farthest));
  }
  finding.evidence.push_back(
      fmt::format("{} against {}, paired over {} seeds by {}: p {:.3g} after Holm's correction, "
                  "{:.3g} for equivalence within {:.4f} nats.",
                  c["arm"].get<std::string>(), c["baseline"].get<std::string>(), c["n"].get<int64_t>(),
                  result["metric"].get<std::string>(), number_of(c["p_holm"]),
                  number_of(c["p_holm_equivalence"]), number_of(result["margin_nats"])));
  return finding;
}

std::vector<Problem> study_verdict_problems(const Claim& claim) {
  std::vector<Problem> problems;
  std::vector<std::string> names = arm_names(claim_config(claim).config);
  names.erase(names.begin());  // the baseline
  require_arm(claim.given["arm"], names, "/arm", problems);
  if (claim.given["least"].is_number() && claim.given["verdict"] == "equivalent")
    problems.push_back({"/least", "equivalent has the margin of the config, study.margin: leave it out"});
  return problems;
}

bool is_counted(const std::string& field) { return field == "parameters" || field == "flops_per_token"; }

// What is counted takes no training.
double counted_value(const Config& config, const std::string& arm, const std::string& field) {
  const ModelCounts counts = count_model(config, arm_called(config, arm));
  return field == "parameters" ? static_cast<double>(counts.parameters) : counts.flops_per_token;
}

// reproduced: the value is the claimed one within the tolerance. arithmetic only: it is, and the model sees its
// targets. contradicted: it is another. unsupported: there is none, as where no seed finished.
Finding check_value(const Claim& claim, CheckContext& context) {
  const std::string field = claim.given["field"];
  const std::string arm = claim.given["arm"];
  const double claimed = claim.given["value"];
  const double tolerance = claim.given["tolerance"].is_number()
                               ? claim.given["tolerance"].get<double>()
                               : claim.given["relative_tolerance"].get<double>() * std::abs(claimed);
  Finding finding;
  double value = 0;
  bool leaks = false;
  if (is_counted(field)) {
    value = counted_value(claim_config(claim).config, arm, field);
    finding.evidence.emplace_back("Counted from the config, for its first seed.");
  } else {
    const Json result = study_of(claim, context);
    const Json& entry = entry_of(result["arms"], arm);
    value = number_of(entry[field]);
    finding.evidence = failed_canaries(result);
    leaks = !finding.evidence.empty();
    finding.evidence.push_back(
        fmt::format("Over {} seeds the loss is {:.4f} nats with a standard deviation of {:.4f}; the source's "
                    "entropy is {}.",
                    entry["seeds"].get<int64_t>(), number_of(entry["mean_loss"]), number_of(entry["sd_loss"]),
                    result["floor_nats"].is_number() ? fmt::format("{:.4f}", number_of(result["floor_nats"]))
                                                     : "not known"));
  }
  finding.found = std::isnan(value) ? "no such value" : fmt::format("{:.10g}", value);
  finding.verdict = std::isnan(value)                       ? Verdict::unsupported
                    : std::abs(value - claimed) > tolerance ? Verdict::contradicted
                    : leaks                                 ? Verdict::arithmetic_only
                                                            : Verdict::reproduced;
  return finding;
}

std::vector<Problem> value_problems(const Claim& claim) {
  std::vector<Problem> problems;
  require_arm(claim.given["arm"], arm_names(claim_config(claim).config), "/arm", problems);
  if (claim.given["tolerance"].is_number() == claim.given["relative_tolerance"].is_number())
    problems.push_back({"/tolerance", "give tolerance or relative_tolerance, one of them"});
  return problems;
}

// reproduced: the first arm has so many times the second one's. contradicted: another ratio.
Finding check_arm_ratio(const Claim& claim, CheckContext&) {
  const Config config = claim_config(claim).config;
  const std::string field = claim.given["quantity"];
  const std::string of = claim.given["arms"][0];
  const std::string to = claim.given["arms"][1];
  const char* const words = field == "parameters" ? "parameters" : "operations per trained token";
  const double first = counted_value(config, of, field);
  const double second = counted_value(config, to, field);
  return {is_near(first / second, claim.given["ratio"], claim.given["relative_tolerance"])
              ? Verdict::reproduced
              : Verdict::contradicted,
          fmt::format("{:.4f}x", first / second),
          {fmt::format("{} has {:.10g} {}, {} has {:.10g}.", of, first, words, to, second)}};
}

std::vector<Problem> arm_ratio_problems(const Claim& claim) {
  const Json& arms = claim.given["arms"];
  if (arms.size() != 2)
    return {{"/arms", "expected two arms: the ratio is the first one's over the second one's"}};
  std::vector<Problem> problems;
  const std::vector<std::string> names = arm_names(claim_config(claim).config);
  for (size_t i = 0; i < arms.size(); ++i)
    require_arm(arms[i], names, "/arms/" + std::to_string(i), problems);
  return problems;
}

// reproduced: a canary fails, so that the model sees its targets, or its loss is below the source's entropy.
// contradicted: every canary passes.
Finding check_leak(const Claim& claim, CheckContext& context) {
  const Json result = study_of(claim, context);
  Finding finding;
  finding.evidence = failed_canaries(result);
  const size_t failed = finding.evidence.size();
  finding.verdict = failed > 0 ? Verdict::reproduced : Verdict::contradicted;
  finding.found = fmt::format("{} of {} canaries failed", failed, result["canaries"].size());
  for (const Json& arm : result["arms"])
    finding.evidence.push_back(
        fmt::format("{}: {:.4f} nats.", arm["arm"].get<std::string>(), number_of(arm["mean_loss"])));
  return finding;
}

constexpr Member kStudyVerdict[] = {
    {"arm", MemberType::text, "The arm that is compared with the first of study.arms"},
    {"verdict",
     MemberType::text,
     "The verdict claimed: better has the smaller loss",
     {},
     nullptr,
     [] {
       return std::vector<std::string>{"better", "worse", "equivalent"};
     }},
    {"least", MemberType::number, "Nats that the difference is claimed to have at least", at_least(0),
     "null"},
};
constexpr Member kValue[] = {
    {"arm", MemberType::text, "The arm, one of study.arms"},
    {"field",
     MemberType::text,
     "What is claimed of it, as results name it: final validation loss, excess over the source's entropy "
     "(nats), ...",
     {},
     nullptr,
     [] { return std::vector<std::string>(std::begin(kFields), std::end(kFields)); }},
    {"value", MemberType::number, "The value claimed"},
    {"tolerance", MemberType::number, "By which the value may differ", at_least(0), "null"},
    {"relative_tolerance", MemberType::number, "Share of the claimed value by which it may differ",
     between(0, 1), "null"},
};
constexpr Member kArmRatio[] = {
    {"arms", MemberType::texts, "Two of study.arms: the ratio is the first one's over the second one's"},
    {"quantity",
     MemberType::text,
     "What is compared; flops_per_token: of a training step",
     {},
     "\"parameters\"",
     [] {
       return std::vector<std::string>{"parameters", "flops_per_token"};
     }},
    {"ratio", MemberType::number, "The ratio claimed", above(0)},
    {"relative_tolerance", MemberType::number, "Share of the ratio by which the count may differ",
     between(0, 1), "0.01"},
};

}  // namespace

extern const CheckDescription study_verdict_check, value_check, arm_ratio_check, leak_check;

constinit const CheckDescription study_verdict_check = {
    .name = "study_verdict",
    .help = "whether a study finds an arm better than its baseline, worse, or equivalent",
    .given = kStudyVerdict,
    .config = true,
    .run = check_study_verdict,
    .problems = study_verdict_problems,
};
constinit const CheckDescription value_check = {
    .name = "value",
    .help = "whether an arm comes to a value, such as a loss",
    .given = kValue,
    .config = true,
    .run = check_value,
    .problems = value_problems,
};
constinit const CheckDescription arm_ratio_check = {
    .name = "arm_ratio",
    .help = "how parameters or operations of two arms compare",
    .given = kArmRatio,
    .config = true,
    .run = check_arm_ratio,
    .problems = arm_ratio_problems,
};
constinit const CheckDescription leak_check = {
    .name = "leak",
    .help = "whether a model sees its targets: a canary fails, or its loss is below the source's entropy",
    .config = true,
    .run = check_leak,
};

}  // namespace ate
