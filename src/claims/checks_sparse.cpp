// Checks of the learned selector: the original report's pipeline, trained here, on random tokens and where attention is needed.
#include <fmt/format.h>

#include <algorithm>

#include "claims/check.h"

namespace ate {
namespace {

using Json = nlohmann::ordered_json;

// Quick: half the width, a shorter teacher on the recall source, no students.
PipelineResult trained_selectors(const Claim& claim, CheckContext& context) {
  Choice choice;
  choice.preset = "sparse";
  choice.sets = {"train.kinds=[\"dense\"]"};
  if (!context.full()) choice.sets.insert(choice.sets.end(), {"body.width=64", "train.recall_epochs=16"});
  for (const Json& set : claim.given["set"]) choice.sets.push_back(set);
  return context.pipeline(std::move(choice));
}

double percent(double share) { return 100 * share; }

// reproduced: on each source the selector names the strongest key at least `margin` more often than the best constant
// guess per position, and its k keys hold at least `share` of the attention that the k strongest hold. contradicted:
// on one it does not.
Finding check_selector(const Claim& claim, CheckContext& context) {
  const double margin = claim.given["margin"];
  const double share = claim.given["share"];
  Finding finding;
  finding.verdict = Verdict::reproduced;
  const PipelineResult report = trained_selectors(claim, context);
  for (const SourceResult& world : report.worlds) {
    const SelectorQuality& q = world.head.quality;
    const double gain = q.accuracy - q.constant;
    const double held = q.mass / q.mass_oracle;
    if (gain < margin || held < share) finding.verdict = Verdict::contradicted;
    finding.found += fmt::format("{}{}: top-1 {:.1f} %, constant {:.1f} %", finding.found.empty() ? "" : "; ",
                                 world.name, percent(q.accuracy), percent(q.constant));
    finding.evidence.push_back(fmt::format(
        "{}: over {} held-out queries the selector names the strongest key in {:.1f} %; the best "
        "constant guess for "
        "each position {:.1f} %, chance {:.1f} %. Its k keys hold {:.1f} % of the attention, the "
        "best constant ones "
        "{:.1f} %, the last k {:.1f} %, the k strongest {:.1f} %.",
        world.name, q.queries, percent(q.accuracy), percent(q.constant), percent(q.chance), percent(q.mass),
        percent(q.mass_constant), percent(q.mass_window), percent(q.mass_oracle)));
    const Score& hybrid = world.head.score;
    finding.evidence.push_back(
        fmt::format("With that one head replaced the loss moves by {:+.4f} nats{}.", hybrid.difference(),
                    hybrid.leak > 0 ? ", and the model sees later tokens: the selector as described "
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
  const PipelineResult report = trained_selectors(claim, context);
  const double strongest = report.worlds.back().head.quality.strongest_moved;
  const double choice = report.worlds.back().head.quality.choice_moved;
  finding.verdict = strongest <= least       ? Verdict::not_run
                    : choice < strongest / 2 ? Verdict::contradicted
                                             : Verdict::reproduced;
  finding.found = fmt::format("strongest key moves in {:.0f} % of shuffles, the choice in {:.0f} %",
                              100 * strongest, 100 * choice);
  for (const SourceResult& w : report.worlds)
    finding.evidence.push_back(
        fmt::format("{}: the tokens before the last position shuffled, that position kept: the strongest "
                    "key is elsewhere "
                    "in {:.0f} % of the windows, the selector's choice in {:.0f} %.",
                    w.name, percent(w.head.quality.strongest_moved), percent(w.head.quality.choice_moved)));
  finding.evidence.emplace_back(
      "A function of the query alone gives the same positions whatever is there: it can learn where keys "
      "tend to be, not where they are.");
  return finding;
}

constexpr Member kSets = {
    "set", MemberType::texts, "Single settings over those of the sparse preset", {}, "[]"};
constexpr Member kSelector[] = {
    {"margin", MemberType::number,
     "By which its choice must be right more often than the best constant guess"},
    {"share", MemberType::number, "Of the strongest keys' attention that its keys must hold"},
    kSets,
};
constexpr Member kQueryAlone[] = {
    {"least", MemberType::number, "Share of windows in which the strongest key must move", between(0, 1)},
    kSets,
};

}  // namespace

extern const CheckDescription selector_check, query_alone_check;

constinit const CheckDescription selector_check = {
    .name = "selector",
    .help = "whether the original report's selector finds the keys that matter",
    .given = kSelector,
    .run = check_selector,
};
constinit const CheckDescription query_alone_check = {
    .name = "query_alone",
    .help = "whether its choice follows keys that move",
    .given = kQueryAlone,
    .run = check_query_alone,
};

}  // namespace ate
