#include "study/compare.h"

#include <algorithm>
#include <limits>

#include "study/anytime.h"
#include "study/finished.h"
#include "study/seed_order.h"

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

void adjust_all(const std::vector<PairedTest*>& tests) {
  adjust(tests, &PairedTest::p_t, &PairedTest::p_holm);
  adjust(tests, &PairedTest::p_sign_flip, &PairedTest::p_holm_sign_flip);
  adjust(tests, &PairedTest::p_equivalence, &PairedTest::p_holm_equivalence);
}

// What the test would find, at this level, and when it is one of so many made together.
void set_detectable(PairedTest& test, double level, size_t tests) {
  const auto at = [&](double own) {
    if (test.decision.extended) own = t_level_of_e_value(test.difference.n, own);
    return own > 0 ? smallest_detectable(test.difference, own, kPower)
                   : std::numeric_limits<double>::infinity();
  };
  test.smallest_detectable = at(level);
  test.smallest_detectable_holm = at(level / static_cast<double>(tests));
}

std::string verdict(const PairedTest& test, bool leaks) {
  if (leaks) return "none: a canary failed";
  if (test.difference.n == 0) return "none: no seed finished in both arms";
  if (test.difference.n == 1) return "none: 1 seed has no spread";
  if (test.decision.by.empty()) return "none: not all seeds of the plan's first test have ended";
  return (test.difference.n < kSeedsForVerdict ? "exploratory: " : "") +
         std::string(outcome_name(test.decision.outcome));
}

}  // namespace

std::vector<double> paired_differences(const StudyResult& result, const Arm& arm, const Arm& baseline) {
  const TrialIndex trials(result.trials);
  std::vector<double> differences;
  for (const TrialRecord* trial : finished_of(result.trials, arm))
    if (const auto difference = paired_difference(trials, result.metric, arm, baseline, trial->id.seed))
      differences.push_back(*difference);
  return differences;
}

bool leaks(const StudyResult& result) {
  return std::any_of(result.canaries.begin(), result.canaries.end(),
                     [](const Canary& c) { return !c.passed; });
}

double margin_nats(const StudyResult& result, double share) {
  const bool above_zero = result.floor && *result.floor > 0;
  return share * (above_zero ? *result.floor : result.arms.front().loss.mean);
}

PairedTest test_differences(const std::vector<double>& differences, double margin) {
  PairedTest test;
  test.difference = summarise(differences);
  test.ci95 = t_interval(test.difference, 0.95);
  test.p_t = t_test_p(test.difference);
  test.p_sign_flip = sign_flip_p(differences);
  test.p_equivalence = equivalence_p(test.difference, margin);
  return test;
}

void judge(const std::vector<PairedTest*>& tests, bool leaks) {
  adjust_all(tests);
  for (PairedTest* test : tests) {
    const double mean = test->difference.mean;
    test->decision = {outcome_of(test->p_holm, test->p_holm_equivalence, mean, kLevel),
                      "one test of all pairs",
                      test->p_holm,
                      test->p_holm_equivalence,
                      kLevel,
                      mean};
    if (leaks) test->decision = {};
    set_detectable(*test, kLevel, tests.size());
    test->verdict = verdict(*test, leaks);
  }
}

std::vector<Comparison> compare_arms(const StudyResult& result, const SeedPlan& plan) {
  const SeedOrder order = order_of(result, plan);
  std::vector<Comparison> comparisons;
  std::vector<PairedTest*> tests;
  std::vector<OrderedDifferences> ordered;
  for (size_t i = 1; i < result.arms.size(); ++i) {
    comparisons.push_back(compare(result, result.arms[i], result.arms[0]));
    ordered.push_back(ordered_differences(result, order, result.arms[i].arm, result.arms[0].arm));
  }
  for (Comparison& c : comparisons) tests.push_back(&c);
  adjust_all(tests);
  const std::vector<AnytimeNumbers> anytime = anytime_numbers(ordered);
  const std::vector<Decision> decisions = decide(ordered, result.margin, order.ended, order.looks);
  for (size_t i = 0; i < tests.size(); ++i) {
    tests[i]->anytime = anytime[i];
    if (!leaks(result)) tests[i]->decision = decisions[i];
    set_detectable(*tests[i], level_at(order.looks, order.ended), tests.size());
    tests[i]->verdict = verdict(*tests[i], leaks(result));
  }
  return comparisons;
}

}  // namespace ate
