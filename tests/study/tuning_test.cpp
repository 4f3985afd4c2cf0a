// Tuning over trainings that a formula stands in for: which points are tried, which is chosen, what is frozen.
#include "study/tuning.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "catch.h"
#include "config/grid.h"
#include "helpers/errors.h"
#include "helpers/tiny.h"
#include "study/tuning_report.h"

using namespace ate;
using namespace ate::testing;

namespace {

using Json = nlohmann::ordered_json;

Config study(TuneAxes axes, int64_t grow = 2) {
  Config config = tiny_encoder();
  config.study.arms = {Arm::standard, Arm::bespoke};
  config.study.seeds = {0, 1, 2};
  config.study.tune = {std::move(axes), {100, 101, 102}, grow};
  config.evaluation.tune_share = 0.5;
  return config;
}

TuneAxis rates(std::vector<std::string> values) { return {"optimiser.learning_rate", std::move(values)}; }

Arm as_it_is(Arm arm) { return arm; }

// Trainings whose loss is a parabola in the logarithm of the rate; each arm has its own best rate. What a bespoke arm
// trains at 10 or more diverges.
struct Formula {
  double standard_best = 0.01;
  double bespoke_best = 0.01;
  std::vector<TrialId> seen{};

  std::vector<TrialRecord> operator()(const std::vector<TrialId>& trials) {
    std::vector<TrialRecord> records;
    for (const TrialId& id : trials) {
      seen.push_back(id);
      const Config config = arm_config(Config(), id.arm);
      const double rate = config.optimiser.learning_rate;
      const double best = id.arm.name == "bespoke" ? bespoke_best : standard_best;
      TrialRecord record;
      record.id = id;
      record.seconds = 2;
      record.progress.status = TrainingStatus::finished;
      Evaluation evaluation;
      evaluation.loss = 3 + std::pow(std::log10(rate / best), 2) + 0.001 * static_cast<double>(id.seed);
      record.progress.evaluations = {evaluation};
      if (id.arm.name == "bespoke" && rate >= 10) record.progress.status = TrainingStatus::diverged;
      records.push_back(std::move(record));
    }
    return records;
  }
};

Tuning tuned(const Config& config, Formula& formula, const Json& frozen = nullptr) {
  return tune(config, as_it_is, frozen, "plan.json", std::ref(formula));
}

std::string chosen(const Tuning& tuning, size_t arm) {
  return point_name(tuning.arms[arm].points[tuning.arms[arm].best].set);
}

}  // namespace

TEST_CASE("every arm trains at every point from every tuning seed, on the tuning part", "[study]") {
  const Config config = study({rates({"0.001", "0.01", "0.1"}), {"body.dropout", {"0.0", "0.1"}}}, 0);
  Formula formula;
  const Tuning tuning = tuned(config, formula);
  CHECK(formula.seen.size() == 2 * 3 * 2 * 3);
  CHECK(tuning.trials == 36);
  CHECK(tuning.seconds == 72);
  std::set<std::string> files;
  for (const TrialId& id : formula.seen) {
    files.insert(id.file());
    CHECK(arm_config(config, id.arm).evaluation.part == EvaluationPart::tune);
  }
  CHECK(files.size() == formula.seen.size());
  CHECK(formula.seen[0].text() == "standard[0.001, 0.0]-s100");
}

TEST_CASE("tuning reads no seed of the test", "[study]") {
  const Config config = study({rates({"0.1", "1", "10"})});
  Formula formula{0.0001, 1};
  tuned(config, formula);
  for (const TrialId& id : formula.seen)
    CHECK(std::find(config.study.seeds.begin(), config.study.seeds.end(), id.seed) ==
          config.study.seeds.end());
}

TEST_CASE("each arm gets the point of its own lowest mean", "[study]") {
  Formula formula{0.01, 0.1};
  const Tuning tuning = tuned(study({rates({"0.001", "0.01", "0.1", "1.0"})}), formula);
  CHECK(chosen(tuning, 0) == "0.01");
  CHECK(chosen(tuning, 1) == "0.1");
  CHECK(tuning.arms[0].untuned.empty());
  CHECK(tuning.arms[1].untuned.empty());
  CHECK(tuning.arms[0].points[1].loss.mean == Approx(3 + 0.101));
  CHECK(tuning.grid[0].values.size() == 4);
}

TEST_CASE("the grid grows for all arms where one does best at its end", "[study]") {
  Formula formula{0.01, 0.0001};
  const Tuning tuning = tuned(study({rates({"0.001", "0.01", "0.1"})}), formula);
  CHECK(tuning.grid[0].values == std::vector<std::string>{"1e-05", "0.0001", "0.001", "0.01", "0.1"});
  CHECK(chosen(tuning, 1) == "0.0001");
  CHECK(tuning.arms[0].points.size() == 5);
  CHECK(tuning.arms[1].untuned.empty());
}

TEST_CASE("an arm that still does best at the end of a grown grid is untuned", "[study]") {
  Formula formula{0.01, 1e-9};
  const Tuning tuning = tuned(study({rates({"0.001", "0.01", "0.1"})}, 1), formula);
  CHECK(tuning.grid[0].values.size() == 4);
  CHECK(tuning.arms[0].untuned.empty());
  CHECK(tuning.arms[1].untuned ==
        "it does best at optimiser.learning_rate = 0.0001, the lower end of the grid, which has grown as "
        "often as "
        "study.tune.grow allows");
  const std::vector<std::string> notes = describe_tuning(tuning, 0.03);
  CHECK(std::any_of(notes.begin(), notes.end(),
                    [](const std::string& note) { return contains(note, "bespoke is untuned"); }));
}

TEST_CASE("where the setting's own range ends, the end of the grid is an optimum", "[study]") {
  Config config = study({{"body.dropout", {"0", "0.1", "0.2"}}});
  const auto train = [](const std::vector<TrialId>& trials) {
    Formula formula;
    std::vector<TrialRecord> records = formula(trials);
    for (TrialRecord& record : records)
      record.progress.evaluations[0].loss = 3 + arm_config(Config(), record.id.arm).body.dropout;
    return records;
  };
  const Tuning tuning = tune(config, as_it_is, nullptr, "plan.json", train);
  CHECK(tuning.grid[0].values.size() == 3);
  CHECK(chosen(tuning, 0) == "0");
  CHECK(tuning.arms[0].untuned.empty());
}

TEST_CASE("a point at which a seed diverged is not chosen while another finished", "[study]") {
  Formula formula{0.1, 10};
  const Tuning tuning = tuned(study({rates({"0.1", "1.0", "10.0"})}, 0), formula);
  CHECK(chosen(tuning, 1) == "1.0");
  CHECK(tuning.arms[1].points[2].diverged == 3);
  CHECK(std::isnan(tuning.arms[1].points[2].loss.mean));
}

namespace {

// Trainings that do the better the larger the setting is.
TrainTrials more_is_better(int64_t (*setting)(const Config&)) {
  return [setting](const std::vector<TrialId>& trials) {
    Formula formula;
    std::vector<TrialRecord> records = formula(trials);
    for (TrialRecord& record : records)
      record.progress.evaluations[0].loss =
          3 + 1 / static_cast<double>(setting(arm_config(Config(), record.id.arm)));
    return records;
  };
}

}  // namespace

TEST_CASE("a grid of whole numbers grows by whole numbers with which every arm can train", "[study]") {
  // The ratio leads to 21, which the two heads do not divide; the distance leads to 20.
  const Config config = study({{"body.width", {"8", "12", "16"}}}, 1);
  const Tuning tuning = tune(config, as_it_is, nullptr, "plan.json",
                             more_is_better([](const Config& c) { return c.body.width; }));
  CHECK(tuning.grid[0].values == std::vector<std::string>{"8", "12", "16", "20"});
  CHECK_FALSE(tuning.arms[0].untuned.empty());
  // One further at least: from 3 and 4 the ratio leads to 5.33.
  const Tuning steps = tune(study({{"body.feedforward", {"3", "4"}}}, 2), as_it_is, nullptr, "plan.json",
                            more_is_better([](const Config& c) { return c.body.feedforward; }));
  CHECK(steps.grid[0].values == std::vector<std::string>{"3", "4", "5", "6"});
}

TEST_CASE("a grid does not grow into steps of many times the operations, and says so", "[study]") {
  Config config = study({{"windows.batch", {"2", "8"}}}, 3);
  const Tuning tuning = tune(config, as_it_is, nullptr, "plan.json",
                             more_is_better([](const Config& c) { return c.windows.batch; }));
  CHECK(tuning.grid[0].values == std::vector<std::string>{"2", "8", "32"});
  CHECK(contains(tuning.arms[0].untuned, "a step at 128 takes more than 4 times the operations"));
}

TEST_CASE("a grid does not grow to where an arm cannot train, and says so", "[study]") {
  Config config = study({{"body.heads", {"1", "2"}}}, 3);
  config.body.width = 8;
  config.study.arms = {Arm::standard, Arm("narrow", {{"body.width", "6"}})};
  const Tuning tuning = tune(config, as_it_is, nullptr, "plan.json",
                             more_is_better([](const Config& c) { return c.body.heads; }));
  CHECK(tuning.grid[0].values == std::vector<std::string>{"1", "2"});
  CHECK(contains(tuning.arms[0].untuned, "which cannot grow: at "));
  CHECK(contains(tuning.arms[0].untuned, "heads do not divide the width"));
}

TEST_CASE("values that have no order have no ends", "[study]") {
  const Config config = study({{"body.activation", {"\"relu\"", "\"gelu\""}}});
  Formula formula;
  const Tuning tuning = tuned(config, formula);
  CHECK(tuning.grid[0].values.size() == 2);
  CHECK(tuning.arms[0].untuned.empty());
}

TEST_CASE("what is frozen stays chosen, and an arm that is added is tuned on the grid as it grew",
          "[study]") {
  Config config = study({rates({"0.001", "0.01", "0.1"})});
  Formula first{0.0001, 0.01};
  const Json frozen = frozen_tuning(tuned(config, first), nullptr);
  CHECK(frozen["arms"][0]["set"]["optimiser.learning_rate"] == 0.0001);

  config.study.arms.emplace_back("tied");
  Formula second{0.1, 0.1};  // other losses now: the frozen arms do not follow
  const Tuning again = tuned(config, second, frozen);
  CHECK(chosen(again, 0) == "0.0001");
  CHECK(chosen(again, 1) == "0.01");
  CHECK(chosen(again, 2) == "0.1");
  CHECK(again.grid[0].values.front() == "1e-05");
}

TEST_CASE(
    "a frozen choice is of the arm that made it: one of its name that sets something else is tuned anew",
    "[study]") {
  Config config = study({rates({"0.001", "0.01", "0.1"})});
  config.study.arms = {Arm::standard, Arm("wide", {{"body.width", "16"}})};
  Formula first{0.01, 0.01};
  const Json frozen = frozen_tuning(tuned(config, first), nullptr);
  CHECK(frozen["arms"][1]["own"]["body.width"] == 16);
  config.study.arms[1] = Arm("wide", {{"body.width", "32"}});
  Formula second{0.001, 0.001};
  const Tuning again = tuned(config, second, frozen);
  CHECK(chosen(again, 0) == "0.01");
  CHECK(chosen(again, 1) != "0.01");
  // Arms that are not asked for now stay frozen.
  config.study.arms = {Arm::standard};
  CHECK(frozen_tuning(tuned(config, second, frozen), frozen)["arms"].size() == 2);
}

TEST_CASE("a plan whose tuning was altered is named", "[study]") {
  const Config config = study({rates({"0.001", "0.01", "0.1"})});
  Formula formula;
  Json frozen = frozen_tuning(tuned(config, formula), nullptr);
  frozen["arms"][0]["set"]["optimiser.learning_rate"] = 7;
  CHECK(contains(complaint_of<Failure>([&] { tuned(config, formula, frozen); }),
                 "plan.json: /tuned/arms: standard is not at a point of the grid"));
  frozen["grid"] = 3;
  CHECK(contains(complaint_of<Failure>([&] { tuned(config, formula, frozen); }), "plan.json: /tuned/grid"));
}

TEST_CASE("at common points the arms are compared seed by seed, and a verdict that turns is said",
          "[study]") {
  Formula formula{0.01, 0.1};
  const Tuning tuning = tuned(study({rates({"0.001", "0.01", "0.1", "1.0"})}), formula);
  const std::vector<PointComparison> points = compare_at_points(tuning, 0.01);
  REQUIRE(points.size() == 4);
  // The seeds move both arms alike, so that differences have no spread but rounding.
  CHECK(points[0].test.difference.mean == Approx(4.0 - 1.0));
  CHECK(points[0].test.verdict == "worse");
  CHECK(points[3].test.verdict == "better");
  const std::vector<std::string> notes = describe_tuning(tuning, 0.01);
  CHECK(contains(notes.back(), "depends on optimiser.learning_rate"));
  CHECK(contains(notes.back(), "better at 0.1; 1.0 and worse at 0.001; 0.01"));
}
