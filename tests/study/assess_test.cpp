#include <cmath>
#include <nlohmann/json.hpp>

#include "catch.h"
#include "study/trials.h"

using namespace ate;
using namespace ate::testing;

namespace {

StudyResult assessed(const std::vector<TrialRecord>& trials) {
  return assess(study_config(static_cast<int>(trials.size() / 2)), "run", trials);
}

// `seeds` pairs whose differences are `difference`, give or take one 64th by turns.
StudyResult with_difference(int seeds, double difference) {
  std::vector<double> standard, bespoke;
  for (int seed = 0; seed < seeds; ++seed) {
    standard.push_back(4 + seed / 8.0);
    bespoke.push_back(standard.back() + difference + (seed % 2 == 0 ? 1 : -1) / 64.0);
  }
  return assessed(pairs(standard, bespoke));
}

}  // namespace

TEST_CASE("arms have their means over seeds, and what they lie above the floor", "[study]") {
  const StudyResult result = assessed(pairs({4, 5, 6}, {3.5, 5, 5.75}));
  REQUIRE(result.arms.size() == 2);
  CHECK(result.arms[0].arm == Arm::standard);
  CHECK(result.arms[0].parameters == 1000);
  CHECK(result.arms[0].loss.n == 3);
  CHECK(result.arms[0].loss.mean == 5);
  CHECK(result.arms[0].loss.deviation == 1);
  CHECK(result.arms[1].loss.mean == 4.75);
  REQUIRE(result.floor.has_value());
  CHECK(std::abs(*result.arms[0].excess - (5 - *result.floor)) < 1e-15);
  CHECK(result.arms[0].targets == 96);
  CHECK(std::abs(result.arms[0].mean_standard_error - 0.01) < 1e-15);
  CHECK(result.arms[0].by_position.size() == 6);
  CHECK(std::abs(result.arms[0].by_position[5] - 5) < 1e-14);
}

TEST_CASE("arms are compared seed by seed, arm minus baseline, at the last evaluation", "[study]") {
  const StudyResult result = assessed(pairs({4, 5, 6}, {3.5, 5, 5.75}));
  REQUIRE(result.comparisons.size() == 1);
  const Comparison& c = result.comparisons[0];
  CHECK(c.arm == Arm::bespoke);
  CHECK(c.baseline == Arm::standard);
  CHECK(c.difference.n == 3);
  CHECK(c.difference.mean == -0.25);
  CHECK(c.difference.deviation == 0.25);
  // Student's t of two degrees of freedom: 4.30265 at 97.5 %.
  CHECK(std::abs(c.ci95.high - (-0.25 + 4.302652730 * 0.25 / std::sqrt(3))) < 1e-8);
  CHECK(std::abs(c.ci95.low - (-0.25 - 4.302652730 * 0.25 / std::sqrt(3))) < 1e-8);
  CHECK(std::abs(c.p_t - 0.2254033308) < 1e-9);  // t = sqrt 3: p = 1 - sqrt(3 / 5)
  CHECK(c.loss_ratio == 0.95);
}

TEST_CASE("the first arm of the config is the baseline", "[study]") {
  Config config = study_config(3);
  config.study.arms = {Arm::bespoke, Arm::standard};
  const StudyResult result = assess(config, "run", pairs({4, 5, 6}, {3.5, 5, 5.75}));
  REQUIRE(result.comparisons.size() == 1);
  CHECK(result.comparisons[0].arm == Arm::standard);
  CHECK(result.comparisons[0].difference.mean == 0.25);
}

TEST_CASE("one arm alone is not compared", "[study]") {
  Config config = study_config(2);
  config.study.arms = {Arm::standard};
  const StudyResult result =
      assess(config, "run", {finished(Arm::standard, 0, {4}), finished(Arm::standard, 1, {5})});
  CHECK(result.arms.size() == 1);
  CHECK(result.comparisons.empty());
  CHECK(result.seed_criteria.empty());
}

TEST_CASE("ten seeds give a verdict, in plain words", "[study]") {
  CHECK(with_difference(10, -0.25).comparisons[0].verdict == "better");
  CHECK(with_difference(10, 0.25).comparisons[0].verdict == "worse");
  CHECK(with_difference(10, 0.001).comparisons[0].verdict == "equivalent");
  CHECK(any_note(with_difference(10, -0.25), "bespoke is better"));
  CHECK(any_note(with_difference(10, 0.25), "bespoke is worse"));
  CHECK(any_note(with_difference(10, 0.001), "equivalent within the margin"));
  CHECK(!any_note(with_difference(10, -0.25), "xploratory"));
}

TEST_CASE("fewer than ten seeds are exploratory", "[study]") {
  CHECK(with_difference(9, -0.25).comparisons[0].verdict == "exploratory: better");
  CHECK(with_difference(9, 0.25).comparisons[0].verdict == "exploratory: worse");
  CHECK(with_difference(2, 0).comparisons[0].verdict == "exploratory: undecided");
  CHECK(any_note(with_difference(2, 0), "cannot tell"));
  CHECK(any_note(with_difference(9, -0.25), "Exploratory: a verdict takes 10 seeds."));
}

TEST_CASE("one seed gives no verdict and no interval", "[study]") {
  const StudyResult result = with_difference(1, -0.25);
  const Comparison& c = result.comparisons[0];
  CHECK(c.difference.n == 1);
  CHECK(c.verdict.rfind("none", 0) == 0);
  CHECK(std::isnan(c.ci95.low));
  CHECK(std::isnan(c.p_t));
  CHECK(any_note(result, "nothing can be said about the difference"));
}

TEST_CASE("a diverged trial is left out with its pair and named", "[study]") {
  std::vector<TrialRecord> trials = pairs({4, 5, 6}, {3.5, 5, 5.75});
  trials[2] = diverged(Arm::standard, 1);
  const StudyResult result = assessed(trials);
  CHECK(result.arms[0].loss.n == 2);
  CHECK(result.arms[0].loss.mean == 5);
  CHECK(result.arms[1].loss.n == 3);  // its own mean has all it has
  CHECK(result.comparisons[0].difference.n == 2);
  CHECK(result.comparisons[0].difference.mean == -0.375);
  CHECK(any_note(result, "standard-s1 diverged: the training loss was inf at epoch 2, step 1"));
  CHECK(result.trials.size() == 3 + 3);
}

TEST_CASE("trials that are still running are left out", "[study]") {
  std::vector<TrialRecord> trials = pairs({4, 5, 6}, {3.5, 5, 5.75});
  trials[5].progress.status = TrainingStatus::running;
  const StudyResult result = assessed(trials);
  CHECK(result.arms[1].loss.n == 2);
  CHECK(result.comparisons[0].difference.n == 2);
}

TEST_CASE("without a pair that finished there is nothing to compare", "[study]") {
  const StudyResult result = assessed({diverged(Arm::standard, 0), finished(Arm::bespoke, 0, {4}),
                                       finished(Arm::standard, 1, {5}), diverged(Arm::bespoke, 1)});
  const Comparison& c = result.comparisons[0];
  CHECK(c.difference.n == 0);
  CHECK(c.verdict.rfind("none", 0) == 0);
  CHECK(any_note(result, "no seed finished in both arms"));
}

TEST_CASE("no trial at all is an assessment without numbers", "[study]") {
  const StudyResult result = assess(study_config(2), "run", {});
  CHECK(result.arms[0].loss.n == 0);
  CHECK(!result.arms[0].excess);
  CHECK_NOTHROW(to_json(result).dump());
}

TEST_CASE("the order in which trials ended does not matter", "[study]") {
  const std::vector<TrialRecord> trials = pairs({4, 5, 6, 4.5}, {3.5, 5, 5.75, 4.25});
  auto expected = to_json(assessed(trials));
  std::vector<TrialRecord> shuffled = {trials[5], trials[0], trials[7], trials[2],
                                       trials[1], trials[6], trials[4], trials[3]};
  auto found = to_json(assessed(shuffled));
  expected.erase("trials");  // which are listed as given
  found.erase("trials");
  CHECK(found == expected);
}

TEST_CASE("what the original report printed is beside what came out, on its own corpus alone", "[study]") {
  Config config = study_config(2);
  config.published_result = {2.9, 2.91};
  const StudyResult result = assess(config, "run", pairs({4, 5}, {3.5, 5}));
  CHECK(result.arms[0].published == 2.9);
  CHECK(result.arms[1].published == 2.91);
  CHECK(any_note(result, "+0.0100"));
  CHECK(!assessed(pairs({4, 5}, {3.5, 5})).arms[0].published);
  config.published_result = {2.9091, 2.9251};  // of the preset focused, whose corpus this is not
  CHECK(!assess(config, "run", pairs({4, 5}, {3.5, 5})).arms[0].published);
}

TEST_CASE("what was printed elsewhere of the baseline is beside what came out", "[study]") {
  Config config = study_config(2);
  config.published_result.printed_by = "A paper";
  config.published_result.loss = 4.75;
  const StudyResult result = assess(config, "run", pairs({4, 5}, {3.5, 5}));
  CHECK(any_note(result,
                 "A paper printed a loss of 4.75; standard has 4.5000 here, the mean of 2 seeds: -0.2500."));
  CHECK(!any_note(assessed(pairs({4, 5}, {3.5, 5})), "printed"));
}

TEST_CASE("the sampling error of a loss is told", "[study]") {
  CHECK(any_note(assessed(pairs({4, 5}, {3.5, 5})),
                 "a mean over 96 targets: its own sampling error is about 0.0100"));
}
