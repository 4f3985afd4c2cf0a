// The success criteria of the seed's scripts, each just met and just missed.
#include <cmath>
#include <nlohmann/json.hpp>

#include "catch.h"
#include "study/trials.h"

using namespace ate;
using namespace ate::testing;

namespace {

std::vector<SeedCriterion> judged(const SeedCriteriaConfig& criteria, const std::vector<double>& standard,
                                  const std::vector<double>& bespoke) {
  Config config = study_config(1);
  config.seed_criteria = criteria;
  return assess(config, "run", {finished(Arm::standard, 0, standard), finished(Arm::bespoke, 0, bespoke)})
      .seed_criteria;
}

SeedCriterion only(const std::vector<SeedCriterion>& criteria) {
  REQUIRE(criteria.size() == 1);
  return criteria[0];
}

}  // namespace

TEST_CASE("criteria that a script did not have are not judged", "[study]") {
  CHECK(judged({}, {5}, {4}).empty());
}

TEST_CASE("the ratio of the last losses must lie below its limit", "[study]") {
  SeedCriteriaConfig criteria;
  criteria.loss_ratio_below = 0.875;
  const SeedCriterion missed = only(judged(criteria, {9, 4}, {1, 3.5}));
  CHECK(missed.name == "loss_ratio");
  CHECK(missed.value == 0.875);
  CHECK(missed.threshold == 0.875);
  CHECK(!missed.met);
  CHECK(only(judged(criteria, {9, 4}, {1, 3.25})).met);
}

TEST_CASE("the ratio of the parameters must lie below its limit", "[study]") {
  SeedCriteriaConfig criteria;
  criteria.parameter_ratio_below = 1.5;  // 1500 against 1000
  CHECK(only(judged(criteria, {4}, {4})).value == 1.5);
  CHECK(!only(judged(criteria, {4}, {4})).met);
  criteria.parameter_ratio_below = 1.75;
  CHECK(only(judged(criteria, {4}, {4})).met);
}

TEST_CASE("each arm's last loss must lie below its first", "[study]") {
  SeedCriteriaConfig criteria;
  criteria.both_improve = true;
  CHECK(only(judged(criteria, {5, 4}, {5, 4.5})).met);
  CHECK(only(judged(criteria, {5, 4}, {5, 4.5})).value == -0.5);  // the smaller gain
  CHECK(!only(judged(criteria, {5, 4}, {5, 5})).met);
  CHECK(!only(judged(criteria, {5, 5.5}, {5, 4})).met);
}

TEST_CASE("an arm must have been evaluated so many times", "[study]") {
  SeedCriteriaConfig criteria;
  criteria.evaluations_at_least = 3;
  CHECK(only(judged(criteria, {5, 4, 3}, {5, 4, 3, 2})).met);
  CHECK(!only(judged(criteria, {5, 4, 3}, {5, 4})).met);
  CHECK(only(judged(criteria, {5, 4, 3}, {5, 4})).value == 2);
}

TEST_CASE("the last loss must lie near the fifth last, in both arms", "[study]") {
  SeedCriteriaConfig criteria;
  criteria.settled_within = 0.25;
  CHECK(only(judged(criteria, {9, 4.125, 9, 9, 9, 4}, {9, 4, 9, 9, 9, 4.125})).met);
  CHECK(only(judged(criteria, {9, 4.125, 9, 9, 9, 4}, {9, 4, 9, 9, 9, 4.125})).value == 0.125);
  CHECK(!only(judged(criteria, {9, 4.25, 9, 9, 9, 4}, {9, 4, 9, 9, 9, 4})).met);
  const SeedCriterion too_few = only(judged(criteria, {4, 4, 4, 4}, {4, 4, 4, 4, 4}));
  CHECK(!too_few.met);
  CHECK(!std::isfinite(too_few.value));
}

TEST_CASE("the first seed that finished in both arms is judged, as the script had one", "[study]") {
  Config config = study_config(3);
  config.seed_criteria.loss_ratio_below = 1.0;
  const StudyResult result = assess(
      config, "run",
      {diverged(Arm::standard, 0), finished(Arm::bespoke, 0, {1}), finished(Arm::standard, 1, {4}),
       finished(Arm::bespoke, 1, {3}), finished(Arm::standard, 2, {4}), finished(Arm::bespoke, 2, {8})});
  CHECK(only(result.seed_criteria).value == 0.75);
}
