#include "study/notes.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "config/derived.h"
#include "config/enum_names.h"
#include "study/compare.h"
#include "study/control_notes.h"
#include "study/finished.h"
#include "study/pairing.h"
#include "study/tuning_report.h"
#include "support/text.h"

namespace ate {
namespace {

constexpr std::string_view kNone = "none: ";  // begins a verdict that is withheld

std::string describe_decided(const StudyResult& result, const Comparison& c) {
  const Decision& decision = c.decision;
  std::string out = decision.outcome == Outcome::equivalent
                        ? fmt::format("equivalent within the margin of {:.4f} nats", result.margin)
                        : fmt::format("{} is {}", enum_name(c.arm), outcome_name(decision.outcome));
  if (decision.outcome != Outcome::equivalent && decision.p_equivalence <= decision.level)
    out += fmt::format(", though by less than the margin of {:.4f} nats", result.margin);
  if (decision.extended || decision.level < kPlannedLevel)  // else the plan's only test
    out += fmt::format(", by {} at a level of {:.2g}", decision.by, decision.level);
  if (decision.outcome == Outcome::equivalent) return out + ".";
  if ((decision.mean < 0) != (c.difference.mean < 0))
    out += ". What was decided is kept, though the mean over all seeds has the other sign";
  if (c.p_holm_sign_flip > decision.level && c.difference.n >= kSeedsForVerdict)
    out += fmt::format(
        ". The sign-flip test, which does not take the differences for normal, does not confirm it (Holm's p "
        "{:.3f})",
        c.p_holm_sign_flip);
  return out + ".";
}

std::string describe_undecided(const StudyResult& result, const Comparison& c) {
  const Decision& decision = c.decision;
  std::string out = "these seeds cannot tell the two apart";
  if (decision.extended && c.p_t <= kLevel)
    out += fmt::format(
        ". The t test's p {:.3f} is of no account, as the number of seeds was not planned; the p that holds "
        "at any number is {:.3f}, after Holm's correction {:.3f}",
        c.p_t, c.anytime->p, c.anytime->p_holm);
  else if (c.p_t <= decision.level)
    out += fmt::format(" once Holm's correction for {} comparisons is made (p {:.3f} becomes {:.3f})",
                       result.comparisons.size(), c.p_t, c.p_holm);
  if (!std::isfinite(c.smallest_detectable_holm))
    return out + ". No difference would have shown in so few seeds.";
  return out + fmt::format(". A difference of {:.4f} nats would have shown four times in five.",
                           c.smallest_detectable_holm);
}

std::string describe_comparison(const StudyResult& result, const Comparison& c) {
  const std::string pair = fmt::format("{} - {}", enum_name(c.arm), enum_name(c.baseline));
  const std::string head = fmt::format("{}: {:+.4f} nats", pair, c.difference.mean);
  if (c.difference.n == 0) return pair + ": no seed finished in both arms.";
  if (c.difference.n == 1)
    return head + " from one seed. Another seed may turn its sign: nothing can be said about the difference.";
  const std::string interval = fmt::format("{} on average over {} seeds, 95 % interval {:+.4f} to {:+.4f}",
                                           head, c.difference.n, c.ci95.low, c.ci95.high);
  if (leaks(result)) return interval + ".";
  if (c.decision.by.empty())
    return interval + ". The plan's first test waits until all its seeds have ended in every arm.";
  if (c.verdict.rfind(kNone, 0) == 0)
    return interval + ", but " + c.verdict.substr(kNone.size()) + ": no verdict.";
  if (c.decision.outcome != Outcome::undecided) return interval + ": " + describe_decided(result, c);
  return interval + ": " + describe_undecided(result, c);
}

std::optional<std::string> describe_exploratory(const StudyResult& result) {
  const bool few = std::any_of(result.comparisons.begin(), result.comparisons.end(), [](const Comparison& c) {
    return c.difference.n >= 2 && c.difference.n < kSeedsForVerdict;
  });
  if (!few || leaks(result)) return std::nullopt;
  return fmt::format("Exploratory: a verdict takes {} seeds.", kSeedsForVerdict);
}

// The original report's printed difference, of one run each, beside the spread of such differences here.
std::optional<std::string> describe_published(const StudyResult& result) {
  const PublishedResultConfig& printed = result.config.published_result;
  for (const Comparison& c : result.comparisons) {
    if (c.arm != Arm::bespoke || c.baseline != Arm::standard || c.difference.n < 2) continue;
    if (!printed.standard_loss || !printed.bespoke_loss) continue;
    return fmt::format(
        "The original report printed {:.4f} for bespoke and {:.4f} for standard, a difference of {:+.4f} "
        "from one "
        "seed. Here the differences of single seeds have a standard deviation of {:.4f}.",
        *printed.bespoke_loss, *printed.standard_loss, *printed.bespoke_loss - *printed.standard_loss,
        c.difference.deviation);
  }
  return std::nullopt;
}

// What was printed of the baseline elsewhere, beside what came out here.
std::vector<std::string> describe_printed_elsewhere(const StudyResult& result) {
  const PublishedResultConfig& printed = result.config.published_result;
  if (result.arms.empty() || result.arms[0].loss.n == 0) return {};
  const ArmResult& arm = result.arms[0];
  std::vector<std::string> notes;
  const auto add = [&](const char* what, const std::optional<double>& there, double here) {
    if (!there) return;
    notes.push_back(fmt::format("{} printed {} {:.4g}; {} has {:.4f} here, the mean of {}: {:+.4f}.",
                                printed.printed_by.empty() ? "Elsewhere" : printed.printed_by, what, *there,
                                arm.arm.name, here, counted(arm.loss.n, "seed"), here - *there));
  };
  add("a loss of", printed.loss, arm.loss.mean);
  if (arm.accuracy) add("an accuracy of", printed.accuracy, *arm.accuracy);
  return notes;
}

// Why an unmasked loss falls below the entropy, with what these trials show of it.
std::string describe_leak(const StudyResult& result) {
  const auto length = static_cast<double>(result.config.windows.length);
  std::string out = fmt::format(
      "The model reads its own targets: without a mask {:.0f} of {:.0f} {} in the input, so copying drives "
      "the loss "
      "toward H/T = {:.4f}/{:.0f} = {:.3f}. Only the last position's target cannot be seen.",
      length - 1, length, length == 2 ? "is" : "are", *result.floor, length, *result.floor / length);
  const std::vector<double>& by_position = result.arms[0].by_position;
  if (by_position.size() > 1) {
    const double last = by_position.back();
    const double others = std::accumulate(by_position.begin(), by_position.end() - 1, 0.0) / (length - 1);
    out += fmt::format(" Here the last position has a loss of {:.4f}, the others {:.4f} on average.", last,
                       others);
  }
  return out + " Such losses say nothing about embeddings.";
}

// In how many seeds early stop ended the arms after different numbers of epochs.
std::optional<std::string> describe_unequal_epochs(const StudyResult& result) {
  if (!may_stop_early(result.config.schedule)) return std::nullopt;
  std::map<int64_t, std::vector<int64_t>> of_seed;
  for (const TrialRecord& trial : result.trials)
    if (finished(trial)) of_seed[trial.id.seed].push_back(epochs_trained(trial));
  int64_t shared = 0;  // seeds in which two arms or more finished
  int64_t unequal = 0;
  for (const auto& [seed, epochs] : of_seed) {
    if (epochs.size() < 2) continue;
    ++shared;
    const auto [least, most] = std::minmax_element(epochs.begin(), epochs.end());
    if (*least != *most) ++unequal;
  }
  if (unequal == 0) return std::nullopt;
  std::vector<std::string> arms;
  for (const ArmResult& arm : result.arms)
    if (arm.epochs) arms.push_back(fmt::format("{} {}", enum_name(arm.arm), format_epochs(*arm.epochs)));
  return fmt::format(
      "In {} of {} {} early stop ended the arms after different numbers of epochs ({}). As planned, each "
      "trial "
      "counts with its last evaluation.",
      unequal, shared, shared == 1 ? "seed" : "seeds", fmt::join(arms, ", "));
}

}  // namespace

std::string format_epochs(const EpochRange& range) {
  return range.least == range.most ? fmt::format("{}", range.least)
                                   : fmt::format("{}..{}", range.least, range.most);
}

std::vector<std::string> write_notes(const StudyResult& result) {
  std::vector<std::string> notes;
  for (const TrialRecord& trial : result.trials)
    if (trial.progress.status == TrainingStatus::diverged)
      notes.push_back(trial.id.text() + " diverged: " + trial.progress.reason +
                      ". It is left out with its pair.");
  for (const Comparison& c : result.comparisons) notes.push_back(describe_comparison(result, c));
  if (std::optional<std::string> note = describe_exploratory(result)) notes.push_back(*std::move(note));
  if (std::optional<std::string> note = describe_unequal_epochs(result)) notes.push_back(*std::move(note));
  if (result.tuning)
    for (std::string& note : describe_tuning(*result.tuning, result.margin)) notes.push_back(std::move(note));
  for (std::string& note : describe_pairing(result)) notes.push_back(std::move(note));
  for (std::string& note : describe_controls(result)) notes.push_back(std::move(note));
  if (std::optional<std::string> note = describe_overfitting(result)) notes.push_back(*std::move(note));
  if (std::optional<std::string> note = describe_published(result)) notes.push_back(*std::move(note));
  for (std::string& note : describe_printed_elsewhere(result)) notes.push_back(std::move(note));

  const bool causal_leak = std::any_of(result.canaries.begin(), result.canaries.end(), [](const Canary& c) {
    return !c.passed && c.name.rfind("causality", 0) == 0;
  });
  if (causal_leak && result.floor && !asks(result.config.source)) {
    notes.push_back(describe_leak(result));
  } else if (leaks(result)) {
    notes.emplace_back("A loss lies below what any honest model can reach: no verdict is given.");
  }
  if (!result.arms.empty() && result.arms[0].loss.n > 0) {
    const ArmResult& arm = result.arms[0];
    notes.push_back(fmt::format("Each loss is a mean over {}: its own sampling error is about {:.4f} nats.",
                                counted(arm.targets, "target"), arm.mean_standard_error));
  }
  return notes;
}

std::optional<std::string> describe_departures(const PlanRecord& plan) {
  if (plan.departures.empty()) return std::nullopt;
  const bool added = std::all_of(plan.departures.begin(), plan.departures.end(), [](const std::string& d) {
    return d.rfind("seed", 0) == 0 && d.ends_with(" added");
  });
  if (added)
    return fmt::format(
        "Beyond the plan: {}. What the plan did not decide is tested on them at a level of {:.2g} "
        "that was kept for it, whenever one looks.",
        fmt::join(plan.departures, "; "), kExtensionLevel);
  return fmt::format(
      "This is not what was planned before the first step: {}. A choice made with results in sight makes p "
      "look smaller than it is.",
      fmt::join(plan.departures, "; "));
}

}  // namespace ate
