// What the numbers of a study amount to: correction, margin, verdict.
#include <algorithm>
#include <cmath>

#include "catch.h"
#include "study/compare.h"
#include "study/finished.h"
#include "study/trials.h"

using namespace ate;
using namespace ate::testing;

namespace {

const std::vector<double> kSpread = {1, -1, 0.5, -0.5, 0.25, -0.25, 0.75, -0.75, 0.1, -0.1};

// Pairs whose differences are `mean` plus `scale` times kSpread.
std::vector<TrialRecord> spread_pairs(double mean, double scale, size_t seeds = 10) {
  std::vector<double> standard;
  std::vector<double> bespoke;
  for (size_t seed = 0; seed < seeds; ++seed) {
    standard.push_back(4 + static_cast<double>(seed) / 8);
    bespoke.push_back(standard.back() + mean + scale * kSpread[seed]);
  }
  return pairs(standard, bespoke);
}

// A study of `comparisons` arms that are all the same: each is tested as often.
StudyResult repeated(int comparisons, const std::vector<TrialRecord>& trials) {
  Config config = study_config(static_cast<int>(trials.size() / 2));
  config.study.arms.assign(static_cast<size_t>(comparisons) + 1, Arm::bespoke);
  config.study.arms[0] = Arm::standard;
  return assess(config, "run", trials);
}

std::string verdict_of(const std::vector<TrialRecord>& trials, int comparisons = 1) {
  return repeated(comparisons, trials).comparisons[0].verdict;
}

void set_excess(std::vector<TrialRecord>& trials, double shift) {
  for (TrialRecord& trial : trials) {
    Evaluation& last = trial.progress.evaluations.back();
    last.excess = 2 * last.loss + shift;
  }
}

}  // namespace

TEST_CASE("a verdict is better, worse, equivalent or undecided", "[study]") {
  // The margin is 1 % of some 2.6 nats.
  CHECK(verdict_of(spread_pairs(-0.2, 0.1)) == "better");
  CHECK(verdict_of(spread_pairs(0.2, 0.1)) == "worse");
  CHECK(verdict_of(spread_pairs(0.001, 0.01)) == "equivalent");
  CHECK(verdict_of(spread_pairs(0.001, 0.1)) == "undecided");
  CHECK(verdict_of(spread_pairs(0.2, 0.1, 9)) == "exploratory: worse");
  CHECK(verdict_of(spread_pairs(0.001, 0.01, 9)) == "exploratory: equivalent");
  CHECK(verdict_of(spread_pairs(0, 0)) == "equivalent");
}

TEST_CASE("a difference that is certain stays one inside the margin, and the note says how small it is",
          "[study]") {
  const StudyResult result = repeated(1, spread_pairs(0.01, 0.005));
  CHECK(result.comparisons[0].verdict == "worse");
  CHECK(result.comparisons[0].p_equivalence < 0.01);
  CHECK(any_note(result, "bespoke is worse, though by less than the margin of 0.02"));
  CHECK(!any_note(repeated(1, spread_pairs(0.2, 0.1)), "though"));
}

TEST_CASE("one seed gives no verdict and says so", "[study]") {
  CHECK(verdict_of(spread_pairs(-0.2, 0.1, 1)) == "none: 1 seed has no spread");
  const Comparison c = repeated(1, spread_pairs(-0.2, 0.1, 1)).comparisons[0];
  for (const double number :
       {c.ci95.low, c.p_t, c.p_sign_flip, c.p_holm, c.p_equivalence, c.smallest_detectable})
    CHECK(std::isnan(number));
}

TEST_CASE("a failed canary takes every verdict away", "[study]") {
  std::vector<TrialRecord> trials = spread_pairs(-0.2, 0.1);
  trials[0].progress.leak = 0.5;
  CHECK(verdict_of(trials) == "none: a canary failed");
}

TEST_CASE("the verdict's p is Holm's over the comparisons of the study", "[study]") {
  const std::vector<TrialRecord> trials = spread_pairs(-0.056, 0.1);
  const Comparison one = repeated(1, trials).comparisons[0];
  CHECK(one.p_holm == one.p_t);
  CHECK(one.p_holm_sign_flip == one.p_sign_flip);
  CHECK(one.p_holm_equivalence == one.p_equivalence);
  CHECK(one.p_t < 0.04);
  CHECK(one.p_t > 0.01);
  CHECK(one.verdict == "better");
  const StudyResult many = repeated(5, trials);
  REQUIRE(many.comparisons.size() == 5);
  for (const Comparison& c : many.comparisons) {
    CHECK(c.p_t == one.p_t);
    CHECK(std::abs(c.p_holm - 5 * one.p_t) < 1e-15);
    CHECK(std::abs(c.p_holm_sign_flip - std::min(1.0, 5 * one.p_sign_flip)) < 1e-15);
    CHECK(c.p_holm_equivalence == std::min(1.0, 5 * one.p_equivalence));
    CHECK(c.verdict == "undecided");
  }
  CHECK(any_note(many, "once Holm's correction for 5 comparisons is made"));
}

TEST_CASE("so is the p of equivalence", "[study]") {
  const std::vector<TrialRecord> trials = spread_pairs(0, 0.058);
  const Comparison one = repeated(1, trials).comparisons[0];
  CHECK(one.p_equivalence < 0.04);
  CHECK(one.p_equivalence > 0.01);
  CHECK(one.verdict == "equivalent");
  CHECK(verdict_of(trials, 5) == "undecided");
}

TEST_CASE("the smallest detectable effect is that of the test, and that of the verdict", "[study]") {
  const Comparison c = repeated(5, spread_pairs(0, 0.1)).comparisons[0];
  CHECK(c.smallest_detectable == smallest_detectable(c.difference, 0.04, 0.8));
  CHECK(c.smallest_detectable_holm == smallest_detectable(c.difference, 0.008, 0.8));
  const Comparison one = repeated(1, spread_pairs(0, 0.1)).comparisons[0];
  CHECK(one.smallest_detectable_holm == one.smallest_detectable);
}

TEST_CASE("the sign-flip test speaks up where it does not confirm the verdict", "[study]") {
  CHECK(!any_note(repeated(1, spread_pairs(-0.2, 0.1)), "sign-flip"));
  // p_t is just below .04, the sign-flip p just above.
  const StudyResult result = repeated(1, spread_pairs(-0.0495, 0.1));
  const Comparison& c = result.comparisons[0];
  CHECK(c.p_t < 0.04);
  CHECK(c.p_sign_flip > 0.04);
  CHECK(c.verdict == "better");
  CHECK(any_note(result, "does not confirm it (Holm's p 0.047"));
}

TEST_CASE("the margin is a share of the entropy, and of the baseline's loss where that is not known",
          "[study]") {
  StudyResult result = repeated(1, spread_pairs(0, 0.1));
  REQUIRE(result.floor.has_value());
  CHECK(std::abs(result.margin - 0.01 * *result.floor) < 1e-15);
  CHECK(std::abs(margin_nats(result, 0.5) - 0.5 * *result.floor) < 1e-15);
  result.floor.reset();
  CHECK(std::abs(margin_nats(result, 0.5) - 0.5 * result.arms[0].loss.mean) < 1e-15);
}

TEST_CASE("arms are compared by exact excess loss where every finished trial has it", "[study]") {
  std::vector<TrialRecord> trials = spread_pairs(-0.2, 0.1);
  const Comparison sampled = repeated(1, trials).comparisons[0];
  set_excess(trials, -7);
  const StudyResult exact = repeated(1, trials);
  CHECK(exact.metric == Metric::excess);
  CHECK(std::abs(exact.comparisons[0].difference.mean - 2 * sampled.difference.mean) < 1e-13);
  CHECK(std::abs(*exact.arms[0].excess - (2 * exact.arms[0].loss.mean - 7)) < 1e-12);
  const double half = (exact.arms[0].ci95.high - exact.arms[0].ci95.low) / 2;
  const Interval of_loss = t_interval(exact.arms[0].loss, 0.95);
  CHECK(std::abs(half - (of_loss.high - of_loss.low)) < 1e-12);

  trials[3].progress.evaluations.back().excess.reset();
  const StudyResult mixed = repeated(1, trials);
  CHECK(mixed.metric == Metric::loss);
  CHECK(mixed.comparisons[0].difference.mean == sampled.difference.mean);
  trials[3] = diverged(Arm::bespoke, 1);  // what did not finish has no say
  CHECK(repeated(1, trials).metric == Metric::excess);
  CHECK(metric_of({}) == Metric::loss);
}

TEST_CASE("the order of the seeds does not change a bit of the result", "[study]") {
  std::vector<TrialRecord> trials = spread_pairs(0.0123, 0.0717);
  const Comparison first = repeated(1, trials).comparisons[0];
  for (int turn = 0; turn < 9; ++turn) {
    std::rotate(trials.begin(), trials.begin() + 2, trials.end());
    if (turn % 2 == 1) std::reverse(trials.begin(), trials.end());
    const Comparison c = repeated(1, trials).comparisons[0];
    CHECK(c.difference.mean == first.difference.mean);
    CHECK(c.difference.deviation == first.difference.deviation);
    CHECK(c.ci95.low == first.ci95.low);
    CHECK(c.p_t == first.p_t);
    CHECK(c.p_sign_flip == first.p_sign_flip);
    CHECK(c.p_equivalence == first.p_equivalence);
    CHECK(c.smallest_detectable == first.smallest_detectable);
    CHECK(c.verdict == first.verdict);
  }
}

TEST_CASE("a diverged trial leaves its pair out of every test", "[study]") {
  std::vector<TrialRecord> trials = spread_pairs(-0.2, 0.1);
  const Comparison fewer = repeated(1, {trials.begin() + 2, trials.end()}).comparisons[0];
  trials[0] = diverged(Arm::standard, 0);
  const Comparison c = repeated(1, trials).comparisons[0];
  CHECK(c.difference.n == 9);
  CHECK(c.p_t == fewer.p_t);
  CHECK(c.p_sign_flip == fewer.p_sign_flip);
  CHECK(c.verdict == "exploratory: better");
}
