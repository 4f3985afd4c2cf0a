// Checks of the learned selector: the seed's pipeline, trained here, on random tokens and where attention is needed.
#include <fmt/format.h>

#include <algorithm>

#include "claims/check.h"

namespace ate {
namespace {

using Json = nlohmann::ordered_json;

// The pipeline's report. Quick: half the width, a shorter teacher on the recall source, no students.
// claim.given.sets, if there, holds further settings: the tests' smaller models.
Json trained_selectors(const Claim& claim, CheckContext& context) {
  std::vector<std::string> sets = {"train.kinds=[\"dense\"]"};
  if (!context.full()) sets.insert(sets.end(), {"body.width=64", "train.recall_epochs=16"});
  if (claim.given.contains("sets"))
    for (const Json& set : claim.given["sets"]) sets.push_back(set);
  return context.pipeline("sparse", std::move(sets));
}

double percent(const Json& value) { return 100 * value.get<double>(); }

}  // namespace

// reproduced: on each source the selector names the strongest key at least `margin` more often than the best constant
// guess per position, and its k keys hold at least `share` of the attention that the k strongest hold. contradicted:
// on one it does not.
Finding check_selector(const Claim& claim, CheckContext& context) {
  const double margin = claim.given["margin"];
  const double share = claim.given["share"];
  Finding finding;
  finding.verdict = Verdict::reproduced;
  const Json report = trained_selectors(claim, context);
  for (const Json& world : report["worlds"]) {
    const Json& q = world["selector"];
    const double gain = q["accuracy"].get<double>() - q["best_constant"].get<double>();
    const double held = q["mass"].get<double>() / q["mass_oracle"].get<double>();
    if (gain < margin || held < share) finding.verdict = Verdict::contradicted;
    const std::string name = world["name"];
    finding.found += fmt::format("{}{}: top-1 {:.1f} %, constant {:.1f} %", finding.found.empty() ? "" : "; ",
                                 name, percent(q["accuracy"]), percent(q["best_constant"]));
    finding.evidence.push_back(
        fmt::format("{}: over {} held-out queries the selector names the strongest key in {:.1f} %; the best "
                    "constant guess for "
                    "each position {:.1f} %, chance {:.1f} %. Its k keys hold {:.1f} % of the attention, the "
                    "best constant ones "
                    "{:.1f} %, the last k {:.1f} %, the k strongest {:.1f} %.",
                    name, q["queries"].get<int64_t>(), percent(q["accuracy"]), percent(q["best_constant"]),
                    percent(q["chance"]), percent(q["mass"]), percent(q["mass_constant"]),
                    percent(q["mass_window"]), percent(q["mass_oracle"])));
    const Json& hybrid = world["hybrid"];
    finding.evidence.push_back(fmt::format(
        "With that one head replaced the loss moves by {:+.4f} nats{}.", hybrid["difference"].get<double>(),
        hybrid["leak"].get<double>() > 0 ? ", and the model sees later tokens: the selector as described "
                                           "may choose them"
                                         : ""));
  }
  finding.evidence.push_back(
      fmt::format("Reproduced would take {:.0f} points above the constant guess and {:.0f} % of the "
                  "strongest keys' attention, on "
                  "both.",
                  100 * margin, 100 * share));
  return finding;
}

// contradicted: where content moves the strongest key, the choice stays: it follows less than half as often. With no
// more than `least` of the keys moved there is nothing to follow: not run. reproduced: the choice follows.
Finding check_query_alone(const Claim& claim, CheckContext& context) {
  const double least = claim.given["least"];
  Finding finding;
  const Json report = trained_selectors(claim, context);
  const Json& world = report["worlds"].back();
  const double strongest = world["selector"]["strongest_moved"];
  const double choice = world["selector"]["choice_moved"];
  finding.verdict = strongest <= least       ? Verdict::not_run
                    : choice < strongest / 2 ? Verdict::contradicted
                                             : Verdict::reproduced;
  finding.found = fmt::format("strongest key moves in {:.0f} % of shuffles, the choice in {:.0f} %",
                              100 * strongest, 100 * choice);
  for (const Json& w : report["worlds"])
    finding.evidence.push_back(
        fmt::format("{}: the tokens before the last position shuffled, that position kept: the strongest "
                    "key is elsewhere "
                    "in {:.0f} % of the windows, the selector's choice in {:.0f} %.",
                    w["name"].get<std::string>(), percent(w["selector"]["strongest_moved"]),
                    percent(w["selector"]["choice_moved"])));
  finding.evidence.emplace_back(
      "A function of the query alone gives the same positions whatever is there: it can learn where keys "
      "tend to be, not where they are.");
  return finding;
}

}  // namespace ate
