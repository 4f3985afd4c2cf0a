#include "study/control_notes.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/enum_names.h"
#include "study/compare.h"
#include "study/finished.h"

namespace ate {
namespace {

const Comparison* find(const StudyResult& result, const Arm& arm) {
  for (const Comparison& c : result.comparisons)
    if (c.arm.name == arm.name && c.difference.n >= 2) return &c;
  return nullptr;
}

// What users set in the arm: without what tuning, the budget and the choice of kernels gave it.
std::vector<ArmSetting> own_settings(const StudyResult& result, const Arm& arm) {
  const auto is_given = [&](const ArmSetting& setting) {
    const TuneAxes& axes = result.config.study.tune.axes;
    return setting.path == "kernels" ||
           (setting.path == "schedule.steps" && result.config.study.budget != Budget::steps) ||
           std::any_of(axes.begin(), axes.end(),
                       [&](const TuneAxis& axis) { return axis.path == setting.path; });
  };
  std::vector<ArmSetting> own = arm.set;
  own.erase(std::remove_if(own.begin(), own.end(), is_given), own.end());
  return own;
}

// Two arms that differ in their embedding alone. An overlay that has a control's name is none.
bool differ_in_embedding_alone(const StudyResult& result, const Arm& left, const Arm& right) {
  const std::vector<ArmSetting> settings = own_settings(result, left);
  const std::vector<ArmSetting> others = own_settings(result, right);
  return std::is_permutation(settings.begin(), settings.end(), others.begin(), others.end());
}

// A control against the baseline that it is a control of, standard.
const Comparison* find_control(const StudyResult& result, const Arm& control) {
  const Comparison* const c = find(result, control);
  return c != nullptr && c->baseline.name == Arm::standard.name &&
                 differ_in_embedding_alone(result, c->arm, c->baseline)
             ? c
             : nullptr;
}

// The loss at each evaluation, over the seeds of the arm that finished with the same evaluations as its first.
std::vector<Evaluation> mean_curve(const StudyResult& result, const Arm& arm) {
  std::vector<Evaluation> mean;
  double trials = 0;
  for (const TrialRecord* trial : finished_of(result.trials, arm)) {
    const std::vector<Evaluation>& own = trial->progress.evaluations;
    if (mean.empty()) mean.resize(own.size());
    if (own.size() != mean.size()) continue;
    ++trials;
    for (size_t i = 0; i < own.size(); ++i) {
      mean[i].epoch = own[i].epoch;
      mean[i].updates = own[i].updates;
      mean[i].loss += own[i].loss;
    }
  }
  for (Evaluation& evaluation : mean) evaluation.loss /= trials;
  return mean;
}

std::optional<std::string> describe_placebo(const StudyResult& result) {
  const Comparison* const bespoke = find(result, Arm::bespoke);
  const Comparison* const placebo = find(result, Arm::random_band);
  if (bespoke == nullptr || placebo == nullptr) return std::nullopt;
  if (!differ_in_embedding_alone(result, bespoke->arm, placebo->arm)) return std::nullopt;
  const std::vector<double> differences = paired_differences(result, bespoke->arm, placebo->arm);
  const Summary summary = summarise(differences);
  if (summary.n < 2) return std::nullopt;
  const Interval interval = t_interval(summary, 0.95);
  return fmt::format(
      "bespoke - random_band: {:+.4f} nats, 95 % interval {:+.4f} to {:+.4f}. This placebo has bespoke's "
      "widths on bands dealt at random: {}",
      summary.mean, interval.low, interval.high,
      interval.high < 0  ? "only what lies between the two comes of giving width by frequency."
      : interval.low > 0 ? "to give width by frequency is worse than to give it by lot."
                         : "what both gain or lose does not come of giving width by frequency.");
}

}  // namespace

std::vector<std::string> describe_controls(const StudyResult& result) {
  std::vector<std::string> notes;
  if (leaks(result)) return notes;
  const Comparison* const aa = find_control(result, Arm::aa);
  if (aa != nullptr && (aa->decision.outcome == Outcome::better || aa->decision.outcome == Outcome::worse))
    notes.emplace_back(
        "The control aa, standard from another start, came out different: here starts alone make "
        "differences, and no verdict of this study can be trusted.");
  const Comparison* const worse = find_control(result, Arm::known_worse);
  if (worse != nullptr && worse->difference.n >= kSeedsForVerdict &&
      worse->decision.outcome != Outcome::worse)
    notes.emplace_back(
        "The control known_worse, standard at rank 8, did not come out worse: here a poorer embedding "
        "costs nothing, so this study cannot tell a better one.");
  if (std::optional<std::string> note = describe_placebo(result)) notes.push_back(*std::move(note));
  return notes;
}

std::optional<std::string> describe_overfitting(const StudyResult& result) {
  if (result.arms.empty() || leaks(result)) return std::nullopt;
  const Arm baseline = result.arms[0].arm;
  const std::vector<Evaluation> curve = mean_curve(result, baseline);
  if (curve.empty()) return std::nullopt;
  const auto best = std::min_element(
      curve.begin(), curve.end(), [](const Evaluation& a, const Evaluation& b) { return a.loss < b.loss; });
  if (!(curve.back().loss - best->loss > result.margin)) return std::nullopt;
  return fmt::format(
      "{} had its lowest loss after {}, {:.4f} nats, and ended at {:.4f}: it overfits, and the last "
      "evaluation compares how far the arms do.",
      enum_name(baseline), place_of(*best), best->loss, curve.back().loss);
}

}  // namespace ate
