#include "train/schedule.h"

#include <cmath>
#include <numbers>

#include "catch.h"
#include "config/derived.h"
#include "config/json.h"
#include "helpers/golden.h"

using namespace ate;
using namespace ate::testing;

namespace {

// A run of so many epochs of `steps` updates.
Config run_of(int64_t epochs, int64_t steps) {
  Config config;
  config.schedule.epochs = epochs;
  config.windows.batches_per_epoch = steps;
  return config;
}

// After how many updates of a run the loss is taken.
std::vector<int64_t> evaluated(const Config& config) {
  std::vector<int64_t> out;
  for (int64_t updates = 1; updates <= steps_in_all(config); ++updates)
    if (evaluates_after(config, updates)) out.push_back(updates);
  return out;
}

std::vector<int64_t> evaluated_epochs(int64_t epochs, int64_t every) {
  Config config = run_of(epochs, 4);
  config.evaluation.every = every;
  std::vector<int64_t> out;
  for (const int64_t updates : evaluated(config)) {
    CHECK(updates % 4 == 0);
    out.push_back(updates / 4 - 1);
  }
  return out;
}

}  // namespace

TEST_CASE("a constant learning rate stays where it is", "[train]") {
  Config config = run_of(50, 50);
  config.optimiser.learning_rate = 0.25;
  for (const int64_t update : {0, 1, 49, 2499}) CHECK(learning_rate(config, update) == 0.25);
}

TEST_CASE("a cosine learning rate goes from the top to zero over the run, epoch by epoch", "[train]") {
  Config config = run_of(6, 5);
  config.optimiser.learning_rate = 0.4;
  config.schedule.decay = Decay::cosine;
  // (1 + cos(pi e / 6)) / 2 at e = 0, 1, 2, 3, 4, 5: 1, (2 + sqrt 3) / 4, 3/4, 1/2, 1/4, (2 - sqrt 3) / 4.
  const double expected[] = {0.4, 0.1 * (2 + std::sqrt(3)), 0.3, 0.2, 0.1, 0.1 * (2 - std::sqrt(3))};
  for (int64_t update = 0; update < 30; ++update) {
    CHECK(std::abs(learning_rate(config, update) - expected[update / 5]) < 1e-15);
    // To the last bit what it was before schedules had steps: runs that are there already go on.
    CHECK(learning_rate(config, update) ==
          0.4 * 0.5 * (1 + std::cos(std::numbers::pi * (static_cast<double>(update / 5) / 6.0))));
  }
  CHECK(std::abs(learning_rate(config, 30)) < 1e-15);
}

TEST_CASE("every schedule has PyTorch's rate at every step", "[train]") {
  const nlohmann::ordered_json golden = read_golden("schedules");
  CHECK(golden.size() >= 8);
  for (const auto& [name, one] : golden.items()) {
    Config config;
    std::vector<Problem> problems;
    read_config({{"schedule", one["schedule"]},
                 {"windows", {{"batches_per_epoch", one["steps_per_epoch"]}}},
                 {"optimiser", {{"learning_rate", one["learning_rate"]}}}},
                config, problems);
    REQUIRE(problems.empty());
    REQUIRE(static_cast<int64_t>(one["rates"].size()) == steps_in_all(config));
    for (int64_t update = 0; update < steps_in_all(config); ++update) {
      CAPTURE(name, update);
      CHECK(std::abs(learning_rate(config, update) -
                     one["rates"][static_cast<size_t>(update)].get<double>()) < 1e-15);
    }
  }
}

TEST_CASE("warm-up and cosine by steps are nanoGPT's", "[train]") {
  Config config = run_of(1, 200);
  config.schedule = {.steps = 2000,
                     .decay = Decay::cosine,
                     .unit = ScheduleUnit::step,
                     .warmup_steps = 100,
                     .minimum_share = 0.1};
  config.optimiser.learning_rate = 1e-3;
  for (int64_t it = 0; it < 2000; ++it) {
    // get_lr of nanoGPT's train.py with learning_rate 1e-3, min_lr 1e-4, warmup_iters 100, lr_decay_iters 2000.
    const double ratio = static_cast<double>(it - 100) / (2000 - 100);
    const double expected = it < 100 ? 1e-3 * static_cast<double>(it + 1) / 101
                                     : 1e-4 + 0.5 * (1 + std::cos(std::numbers::pi * ratio)) * (1e-3 - 1e-4);
    CAPTURE(it);
    CHECK(std::abs(learning_rate(config, it) - expected) < 1e-17);
  }
}

TEST_CASE("a step that is timed beyond the run has the last rate, not one below it", "[train]") {
  Config config = run_of(2, 5);
  config.schedule.decay = Decay::linear;
  config.schedule.unit = ScheduleUnit::step;
  config.schedule.minimum_share = 0.25;
  CHECK(learning_rate(config, 1000) == 0.25 * config.optimiser.learning_rate);
}

TEST_CASE("the loss is taken after the first epoch, every so many, and the last", "[train]") {
  CHECK(evaluated_epochs(50, 10) == std::vector<int64_t>{0, 10, 20, 30, 40, 49});
  CHECK(evaluated_epochs(41, 10) == std::vector<int64_t>{0, 10, 20, 30, 40});
  CHECK(evaluated_epochs(3, 1) == std::vector<int64_t>{0, 1, 2});
  CHECK(evaluated_epochs(3, 100) == std::vector<int64_t>{0, 2});
  CHECK(evaluated_epochs(1, 100) == std::vector<int64_t>{0});
  CHECK(evaluated_epochs(700, 50).size() == 15);
}

TEST_CASE("by steps the loss is taken after every so many, wherever epochs end, and after the last",
          "[train]") {
  Config config = run_of(3, 5);
  config.evaluation.every_steps = 4;
  CHECK(evaluated(config) == std::vector<int64_t>{4, 8, 12, 15});
  config.evaluation.every_steps = 5;
  CHECK(evaluated(config) == std::vector<int64_t>{5, 10, 15});
  config.evaluation.every_steps = 100;
  CHECK(evaluated(config) == std::vector<int64_t>{15});
  config.schedule.steps = 9;
  config.evaluation.every_steps = 4;
  CHECK(evaluated(config) == std::vector<int64_t>{4, 8, 9});
}

TEST_CASE("an evaluation's draw is the last whole epoch, or the updates where they are counted", "[train]") {
  Config config = run_of(3, 5);
  config.evaluation.every = 1;
  CHECK(evaluation_draws(config) == std::vector<int64_t>{0, 1, 2});
  CHECK(evaluation_draw(config, 3) == 0);
  CHECK(evaluation_draw(config, 14) == 1);
  config.schedule.steps = 13;  // the last epoch is cut short
  CHECK(evaluation_draws(config) == std::vector<int64_t>{0, 1, 2});
  config.evaluation.every_steps = 4;
  CHECK(evaluation_draws(config) == std::vector<int64_t>{4, 8, 12, 13});
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
