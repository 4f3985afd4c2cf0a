#include "study/compare.h"

#include <algorithm>

#include "study/finished.h"

namespace ate {
namespace {

Comparison compare(const StudyResult& result, const ArmResult& arm, const ArmResult& baseline) {
  Comparison c{test_differences(paired_differences(result, arm.arm, baseline.arm), result.margin)};
  c.arm = arm.arm;
  c.baseline = baseline.arm;
  c.loss_ratio = arm.loss.mean / baseline.loss.mean;
  return c;
}

// Adjusts one p-value of every test over all of them.
void adjust(const std::vector<PairedTest*>& tests, double PairedTest::*from, double PairedTest::*to) {
  std::vector<double> p;
  for (const PairedTest* test : tests) p.push_back(test->*from);
  p = holm(p);
  for (size_t i = 0; i < p.size(); ++i) tests[i]->*to = p[i];
}

std::string verdict(const PairedTest& test, bool leaks) {
  if (leaks) return "none: a canary failed";
  if (test.difference.n == 0) return "none: no seed finished in both arms";
  if (test.difference.n == 1) return "none: 1 seed has no spread";
  const char* word = test.p_holm <= kLevel               ? (test.difference.mean < 0 ? "better" : "worse")
                     : test.p_holm_equivalence <= kLevel ? "equivalent"
                                                         : "undecided";
  return (test.difference.n < kSeedsForVerdict ? "exploratory: " : "") + std::string(word);
}

}  // namespace

std::vector<double> paired_differences(const StudyResult& result, const Arm& arm, const Arm& baseline) {
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

double margin_nats(const StudyResult& result, double share) {
  return share * (result.floor ? *result.floor : result.arms.front().loss.mean);
}

PairedTest test_differences(const std::vector<double>& differences, double margin) {
  PairedTest test;
  test.difference = summarise(differences);
  test.ci95 = t_interval(test.difference, 0.95);
  test.p_t = t_test_p(test.difference);
  test.p_sign_flip = sign_flip_p(differences);
  test.p_equivalence = equivalence_p(test.difference, margin);
  test.smallest_detectable = smallest_detectable(test.difference, kLevel, kPower);
  return test;
}

void judge(const std::vector<PairedTest*>& tests, bool leaks) {
  adjust(tests, &PairedTest::p_t, &PairedTest::p_holm);
  adjust(tests, &PairedTest::p_sign_flip, &PairedTest::p_holm_sign_flip);
  adjust(tests, &PairedTest::p_equivalence, &PairedTest::p_holm_equivalence);
  const double level = kLevel / static_cast<double>(std::max<size_t>(1, tests.size()));
  for (PairedTest* test : tests) {
    test->smallest_detectable_holm = smallest_detectable(test->difference, level, kPower);
    test->verdict = verdict(*test, leaks);
  }
}

std::vector<Comparison> compare_arms(const StudyResult& result) {
  std::vector<Comparison> comparisons;
  for (size_t i = 1; i < result.arms.size(); ++i)
    comparisons.push_back(compare(result, result.arms[i], result.arms[0]));
  std::vector<PairedTest*> tests;
  for (Comparison& c : comparisons) tests.push_back(&c);
  judge(tests, leaks(result));
  return comparisons;
}

}  // namespace ate
