// Losses at equal cost, by evaluations that a table stands in for.
#include "study/cost_report.h"

#include <cmath>

#include "catch.h"
#include "helpers/tiny.h"
#include "study/trials.h"

using namespace ate;
using namespace ate::testing;

namespace {

// Both arms evaluated after each of ten epochs, of ten steps and of `set_batches`; the loss at epoch index e is 10 - e.
StudyResult two_arms(const std::string& set_batches) {
  Config config = tiny_encoder();
  config.schedule.epochs = 10;
  config.windows.batches_per_epoch = 10;
  config.study.seeds = {0, 1};
  config.study.arms = {Arm::standard, Arm("other", {{"windows.batches_per_epoch", set_batches}})};
  std::vector<TrialRecord> trials;
  for (const int64_t seed : config.study.seeds)
    for (const Arm& arm : config.study.arms) {
      TrialRecord trial = finished(arm, seed, {10, 9, 8, 7, 6, 5, 4, 3, 2, 1});
      trial.progress.flops_per_token = 6;
      trials.push_back(std::move(trial));
    }
  return assess(config, "run", std::move(trials));
}

}  // namespace

TEST_CASE("the loss at equal steps is that of the evaluation there", "[study]") {
  const std::vector<ArmCost> costs = costs_of(two_arms("5"));
  REQUIRE(costs[1].steps == 50);
  CHECK(costs[0].at_equal_steps.steps == 50);
  CHECK(costs[0].at_equal_steps.mean == 6);  // epoch index 4 of ten steps each
  CHECK(costs[1].at_equal_steps.mean == 1);
}

TEST_CASE("without an evaluation within 1 % of the cost there is no loss at it", "[study]") {
  const std::vector<ArmCost> costs = costs_of(two_arms("7"));
  REQUIRE(costs[1].steps == 70);
  CHECK(costs[0].at_equal_steps.mean == 4);  // after 70 steps
  const std::vector<ArmCost> between = costs_of(two_arms("4"));
  CHECK(between[0].at_equal_steps.mean == 7);  // after 40
  StudyResult odd = two_arms("5");
  for (TrialRecord& trial : odd.trials)
    if (trial.id.arm == Arm::standard)
      trial.progress.evaluations.erase(trial.progress.evaluations.begin() + 4);  // the one after 50 steps
  CHECK(std::isnan(costs_of(odd)[0].at_equal_steps.mean));
  CHECK(to_json(costs_of(odd)[0])["at_equal_steps"]["mean"].is_null());
}

TEST_CASE("an arm without a trial has no operations to be equal to", "[study]") {
  StudyResult half = two_arms("5");
  std::erase_if(half.trials, [](const TrialRecord& trial) { return trial.id.arm != Arm::standard; });
  half = assess(half.config, "run", half.trials);
  const std::vector<ArmCost> costs = costs_of(half);
  CHECK(costs[1].flops == 0);
  CHECK(std::isnan(costs[1].at_equal_flops.mean));
  CHECK(costs[1].at_equal_flops.steps == 0);
  CHECK(costs[0].at_equal_flops.steps == 100);
  CHECK(costs[0].at_equal_flops.mean == 1);
}

TEST_CASE("a budget of seconds shows the times that it went by", "[study]") {
  StudyResult result = two_arms("5");
  CHECK_FALSE(to_json(costs_of(result)[0]).contains("timed_seconds_per_step"));
  result.seconds_per_step = {{"standard", 0.25}, {"other", 0.5}};
  CHECK(to_json(costs_of(result)[1])["timed_seconds_per_step"] == 0.5);
  CHECK(costs_table(result).rows[1][4] == 500.0);
}
