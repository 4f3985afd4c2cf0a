#include "study/compare.h"

#include <algorithm>

#include "study/finished.h"

namespace ate {
namespace {

Comparison compare(const StudyResult& result, const ArmResult& arm, const ArmResult& baseline) {
  const std::vector<double> differences = paired_differences(result, arm.arm, baseline.arm);
  Comparison c;
  c.arm = arm.arm;
  c.baseline = baseline.arm;
  c.difference = summarise(differences);
  c.ci95 = t_interval(c.difference, 0.95);
  c.p_t = t_test_p(c.difference);
  c.p_sign_flip = sign_flip_p(differences);
  c.p_equivalence = equivalence_p(c.difference, result.margin);
  c.smallest_detectable = smallest_detectable(c.difference, kLevel, kPower);
  c.loss_ratio = arm.loss.mean / baseline.loss.mean;
  return c;
}

// Adjusts one p-value of every comparison over all of them.
void adjust(std::vector<Comparison>& comparisons, double Comparison::*from, double Comparison::*to) {
  std::vector<double> p(comparisons.size());
  for (size_t i = 0; i < p.size(); ++i) p[i] = comparisons[i].*from;
  p = holm(p);
  for (size_t i = 0; i < p.size(); ++i) comparisons[i].*to = p[i];
}

std::string verdict(const StudyResult& result, const Comparison& c) {
  if (leaks(result)) return "none: a canary failed";
  if (c.difference.n == 0) return "none: no seed finished in both arms";
  if (c.difference.n == 1) return "none: 1 seed has no spread";
  const char* word = c.p_holm <= kLevel               ? (c.difference.mean < 0 ? "better" : "worse")
                     : c.p_holm_equivalence <= kLevel ? "equivalent"
                                                      : "undecided";
  return (c.difference.n < kSeedsForVerdict ? "exploratory: " : "") + std::string(word);
}

}  // namespace

std::vector<double> paired_differences(const StudyResult& result, Arm arm, Arm baseline) {
  std::vector<double> differences;
  for (const TrialRecord* trial : finished_of(result.trials, arm)) {
    const TrialRecord* other = find_trial(result.trials, baseline, trial->id.seed);
    if (other != nullptr && finished(*other))
      differences.push_back(primary_number(last_evaluation(*trial), result.metric) -
                            primary_number(last_evaluation(*other), result.metric));
  }
  return differences;
}

bool leaks(const StudyResult& result) {
  return std::any_of(result.canaries.begin(), result.canaries.end(),
                     [](const Canary& c) { return !c.passed; });
}

double margin_nats(const StudyResult& result) {
  const double whole = result.floor ? *result.floor : result.arms.front().loss.mean;
  return result.config.study.margin * whole;
}

std::vector<Comparison> compare_arms(const StudyResult& result) {
  std::vector<Comparison> comparisons;
  for (size_t i = 1; i < result.arms.size(); ++i)
    comparisons.push_back(compare(result, result.arms[i], result.arms[0]));
  adjust(comparisons, &Comparison::p_t, &Comparison::p_holm);
  adjust(comparisons, &Comparison::p_sign_flip, &Comparison::p_holm_sign_flip);
  adjust(comparisons, &Comparison::p_equivalence, &Comparison::p_holm_equivalence);
  const double level = kLevel / static_cast<double>(std::max<size_t>(1, comparisons.size()));
  for (Comparison& c : comparisons) {
    c.smallest_detectable_holm = smallest_detectable(c.difference, level, kPower);
    c.verdict = verdict(result, c);
  }
  return comparisons;
}

}  // namespace ate
