#include "train/schedule.h"

#include <cmath>

#include "catch.h"

using namespace ate;

namespace {

std::vector<int64_t> evaluated_epochs(int64_t epochs, int64_t every) {
  Config config;
  config.schedule.epochs = epochs;
  config.evaluation.every = every;
  std::vector<int64_t> out;
  for (int64_t epoch = 0; epoch < epochs; ++epoch)
    if (evaluates_after(config, epoch)) out.push_back(epoch);
  return out;
}

}  // namespace

TEST_CASE("a constant learning rate stays where it is", "[train]") {
  Config config;
  config.optimiser.learning_rate = 0.25;
  for (const int64_t epoch : {0, 1, 49}) CHECK(learning_rate(config, epoch) == 0.25);
}

TEST_CASE("a cosine learning rate goes from the top to zero over the run", "[train]") {
  Config config;
  config.optimiser.learning_rate = 0.4;
  config.schedule.decay = Decay::cosine;
  config.schedule.epochs = 6;
  // (1 + cos(pi e / 6)) / 2 at e = 0, 1, 2, 3, 4, 5: 1, (2 + sqrt 3) / 4, 3/4, 1/2, 1/4, (2 - sqrt 3) / 4.
  const double expected[] = {0.4, 0.1 * (2 + std::sqrt(3)), 0.3, 0.2, 0.1, 0.1 * (2 - std::sqrt(3))};
  for (int64_t epoch = 0; epoch < 6; ++epoch)
    CHECK(std::abs(learning_rate(config, epoch) - expected[epoch]) < 1e-15);
  CHECK(std::abs(learning_rate(config, 6)) < 1e-15);
}

TEST_CASE("the loss is taken after the first epoch, every so many, and the last", "[train]") {
  CHECK(evaluated_epochs(50, 10) == std::vector<int64_t>{0, 10, 20, 30, 40, 49});
  CHECK(evaluated_epochs(41, 10) == std::vector<int64_t>{0, 10, 20, 30, 40});
  CHECK(evaluated_epochs(3, 1) == std::vector<int64_t>{0, 1, 2});
  CHECK(evaluated_epochs(3, 100) == std::vector<int64_t>{0, 2});
  CHECK(evaluated_epochs(1, 100) == std::vector<int64_t>{0});
  CHECK(evaluated_epochs(700, 50).size() == 15);
}

TEST_CASE("training stops early when the last evaluations gained too little over the one before them",
          "[train]") {
  ScheduleConfig schedule;
  schedule.early_stop_evaluations = 3;
  schedule.early_stop_gain = 0.125;
  CHECK(!stops_early(schedule, {}));
  CHECK(!stops_early(schedule, {4.0, 4.0, 4.0}));              // too few to say
  CHECK(stops_early(schedule, {4.0, 4.0, 4.0, 4.0}));          // no gain
  CHECK(!stops_early(schedule, {4.0, 4.0, 3.9375, 3.875}));    // just enough
  CHECK(stops_early(schedule, {4.0, 3.0, 3.5, 3.9375}));       // what happened between does not count
  CHECK(stops_early(schedule, {9.0, 4.0, 4.0, 4.0, 3.9375}));  // only the last four
  CHECK(!stops_early(schedule, {4.0, 4.0, 4.0, 4.0, 3.5}));
  CHECK(stops_early(schedule, {4.0, 4.5, 4.75, 5.0}));  // a loss
}

TEST_CASE("one evaluation is never compared with itself", "[train]") {
  ScheduleConfig schedule;
  schedule.early_stop_evaluations = 1;
  schedule.early_stop_gain = 0.125;
  CHECK(!stops_early(schedule, {4.0}));
  CHECK(!stops_early(schedule, {4.0, 3.5}));
  CHECK(!stops_early(schedule, {4.0, 4.0, 3.875}));
  CHECK(stops_early(schedule, {4.0, 3.9375}));
}

TEST_CASE("without a number of evaluations training never stops early", "[train]") {
  ScheduleConfig schedule;
  schedule.early_stop_evaluations = 0;
  CHECK(!stops_early(schedule, {}));
  CHECK(!stops_early(schedule, std::vector<double>(100, 4.0)));
}
