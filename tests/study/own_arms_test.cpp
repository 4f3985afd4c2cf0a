// Whole studies of arms with settings of their own: pairing, budgets, tuning, added seeds.
#include <nlohmann/json.hpp>

#include "catch.h"
#include "config/derived.h"
#include "helpers/errors.h"
#include "helpers/trials.h"
#include "study/stored_run.h"
#include "study/tiny_study.h"

using namespace ate;
using namespace ate::testing;

namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kWide = R"(study.arms=["standard", {"name": "wide", "set": {"body.feedforward": 8}}])";
constexpr const char* kTune =
    R"(study.tune={"axes": {"optimiser.learning_rate": [0.003, 0.01, 0.03]}, "seeds": "90..91"})";

Json plan_of_run(const TemporaryFolder& out, const StudyOutcome& outcome) {
  return Json::parse(bytes_of_file(folder_of(out, outcome) / "plan.json"));
}

}  // namespace

TEST_CASE("an arm of one's own trains by its settings and pairs as far as shapes allow", "[study]") {
  const TemporaryFolder out;
  const StudyOutcome outcome = run_in(out, {kWide});
  const StudyResult& result = outcome.result;
  REQUIRE(result.arms.size() == 2);
  CHECK(result.arms[1].arm.name == "wide");
  CHECK(result.arms[1].parameters > result.arms[0].parameters);
  CHECK(result.comparisons[0].difference.n == 2);
  bool told = false;
  for (const std::string& note : result.notes) told |= contains(note, "wide sets body.feedforward = 8.");
  CHECK(told);
  CHECK(to_json(result)["arms"][1]["set"]["body.feedforward"] == 8);

  // Tensors of the same name and shape start the same; the corpus and the windows are the same.
  const Config config = tiny_study({kWide}).config;
  const auto left = arrays_of(make_trial(config, config.study.arms[0]).checkpoint());
  const auto right = arrays_of(make_trial(config, config.study.arms[1]).checkpoint());
  CHECK(left.at("embedding.weight") == right.at("embedding.weight"));
  CHECK(left.at("head.weight") == right.at("head.weight"));
  CHECK(left.at("layers.0.linear1.weight") != right.at("layers.0.linear1.weight"));
}

TEST_CASE("an arm that sets what the study has anyway gives the study's numbers", "[study]") {
  const TemporaryFolder out;
  const StudyOutcome outcome =
      run_in(out, {R"(study.arms=["standard", {"name": "same", "set": {"body.dropout": 0.1}}])"});
  for (const TrialRecord& trial : outcome.result.trials)
    if (trial.id.arm.name == "same")
      CHECK(trial.progress.validation_losses() ==
            outcome.result.trials[trial.id.seed == 0 ? 0 : 2].progress.validation_losses());
}

TEST_CASE("an arm whose settings change trains anew, the others do not", "[study]") {
  const TemporaryFolder out;
  const StudyOutcome first = run_in(out, {kWide});
  const StudyOutcome other =
      run_in(out, {R"(study.arms=["standard", {"name": "wide", "set": {"body.feedforward": 2}}])"});
  CHECK(!other.reused);
  CHECK(other.result.run_id == first.result.run_id);
  CHECK(other.result.arms[1].parameters < first.result.arms[1].parameters);
  CHECK(other.result.plan.departures.size() == 2);  // one arm added, one left out
  CHECK(run_in(out, {kWide}).reused);
}

TEST_CASE("a stored run of arms of one's own is read back", "[study]") {
  const TemporaryFolder out;
  const StudyOutcome outcome = run_in(out, {kWide, "study.budget=flops"});
  const StoredRun stored = read_run(folder_of(out, outcome), 0);
  REQUIRE(stored.result.arms.size() == 2);
  CHECK(stored.result.arms[1].arm == outcome.result.arms[1].arm);
  CHECK(stored.result.arms[1].loss.mean == outcome.result.arms[1].loss.mean);
}

TEST_CASE("a budget of operations ends the dearer arm earlier, at a step", "[study]") {
  const TemporaryFolder out;
  const StudyOutcome outcome = run_in(out, {kWide, "study.budget=flops"});
  const int64_t planned = steps_in_all(tiny_study({kWide}).config);
  for (const TrialRecord& trial : outcome.result.trials) {
    if (trial.id.arm.name == "standard") CHECK(trial.progress.updates == planned);
    if (trial.id.arm.name == "wide") {
      CHECK(trial.progress.updates < planned);
      CHECK(trial.progress.updates == steps_in_all(arm_config(outcome.result.config, trial.id.arm)));
      CHECK(trial.progress.status == TrainingStatus::finished);
    }
  }
}

TEST_CASE("costs are told at equal steps and at equal operations", "[study]") {
  const TemporaryFolder out;
  const Json costs = to_json(run_in(out, {kWide}).result)["costs"];
  REQUIRE(costs.size() == 2);
  const Json& narrow = costs[0];
  const Json& wide = costs[1];
  CHECK(narrow["at_equal_steps"]["steps"] == wide["at_equal_steps"]["steps"]);
  // With the operations of the whole narrow training the wide arm got only part of the way.
  CHECK(narrow["at_equal_flops"]["steps"] == narrow["steps"]);
  const double per_step = wide["flops"].get<double>() / wide["steps"].get<double>();
  CHECK(wide["at_equal_flops"]["steps"].get<double>() * per_step <= narrow["flops"].get<double>());
  CHECK(wide["at_equal_flops"]["steps"] < wide["steps"]);
  CHECK(wide["at_equal_flops"]["mean"] != wide["at_equal_steps"]["mean"]);
  const TemporaryFolder plain;
  CHECK(!to_json(run_in(plain).result).contains("costs"));
}

TEST_CASE("a budget of seconds is timed once and kept", "[study]") {
  const TemporaryFolder out;
  const StudyOutcome first = run_in(out, {kWide, "study.budget=seconds"});
  CHECK(plan_of_run(out, first)["seconds_per_step"].size() == 2);
  CHECK(run_in(out, {kWide, "study.budget=seconds"}).reused);
}

TEST_CASE("a tuned study freezes its choice, tests on the other part, and resumes in the same bits",
          "[study]") {
  const TemporaryFolder out;
  const StudyOutcome outcome = run_in(out, {kTune});
  REQUIRE(outcome.result.tuning);
  const Tuning& tuning = *outcome.result.tuning;
  for (size_t i = 0; i < 2; ++i) {
    const std::vector<ArmSetting>& best = tuning.arms[i].points[tuning.arms[i].best].set;
    CHECK((outcome.result.arms[i].arm.set == best));
  }
  const Json plan = plan_of_run(out, outcome);
  CHECK(plan["tuned"]["arms"].size() == 2);
  CHECK(plan["requests"][0]["tune"]["seeds"] == "90,91");
  // Half of the validation part is for the test.
  const StudyOutcome whole = run_in(out);
  CHECK(outcome.result.arms[0].targets < whole.result.arms[0].targets);

  const StudyOutcome again = run_in(out, {kTune});
  CHECK(again.reused);
  CHECK(timeless(again) == timeless(outcome));
  const TemporaryFolder fresh;
  Json other = timeless(run_in(fresh, {kTune}));
  Json here = timeless(outcome);
  for (Json* result : {&other, &here}) (*result)["tuning"].erase("seconds");
  for (Json* result : {&other, &here}) result->erase("notes");  // they tell the seconds of tuning
  CHECK(other == here);
}

TEST_CASE("seeds that a smaller request adds to a finished study are kept with it", "[study]") {
  const TemporaryFolder out;
  const std::vector<std::string> same = {R"(study.arms=["standard", "aa"])", "study.margin=0"};
  const auto until = [&](int64_t max_seeds) {
    StudyOptions options = options_in(out);
    options.max_seeds = max_seeds;
    return run_study(tiny_study(same), options);
  };
  const StudyOutcome first = until(4);
  const auto stored_trials = [&] {
    return Json::parse(bytes_of_file(folder_of(out, first) / "result.json"))["trials"].size();
  };
  CHECK(stored_trials() == 8);
  // Up to the seeds that are stored it is a part of them.
  const std::string config = bytes_of_file(folder_of(out, first) / "config.json");
  const StudyOutcome part = until(3);
  CHECK(part.part_of_stored);
  CHECK(part.reused);
  CHECK(part.result.trials.size() == 6);
  CHECK(stored_trials() == 8);
  CHECK(bytes_of_file(folder_of(out, first) / "config.json") == config);

  const StudyOutcome more = until(5);
  CHECK(!more.part_of_stored);
  CHECK(!more.reused);
  CHECK(stored_trials() == 10);
  CHECK(Json::parse(bytes_of_file(folder_of(out, first) / "config.json"))["study"]["seeds"].dump() !=
        Json::parse(config)["study"]["seeds"].dump());
  CHECK(until(5).reused);
}

TEST_CASE("a comparison of few seeds has no verdict yet, however clear", "[study]") {
  const TemporaryFolder out;
  StudyOptions options = options_in(out);
  const std::vector<std::string> clear = {
      R"(study.arms=["standard", {"name": "still", "set": {"optimiser.learning_rate": 1e-9}}])",
      "study.seeds=0..5"};
  options.max_seeds = 8;
  const StudyOutcome few = run_study(tiny_study(clear), options);
  REQUIRE(few.result.comparisons[0].decision.outcome == Outcome::worse);
  CHECK(few.result.config.study.seeds.size() == 8);
  CHECK(few.result.comparisons[0].verdict == "exploratory: worse");
  options.max_seeds = 40;
  const StudyOutcome enough = run_study(tiny_study(clear), options);
  CHECK(enough.result.config.study.seeds.size() == 10);
  CHECK(enough.result.comparisons[0].verdict == "worse");
}

TEST_CASE("a tuned study goes on from a plan that does not say what its arms set", "[study]") {
  const TemporaryFolder out;
  const StudyOutcome outcome = run_in(out, {kTune, kWide});
  Json plan = plan_of_run(out, outcome);
  const Json whole = plan;
  for (Json& arm : plan["tuned"]["arms"]) arm.erase("own");
  std::ofstream(folder_of(out, outcome) / "plan.json") << plan.dump();
  const StudyOutcome again = run_in(out, {kTune, kWide});
  CHECK(again.reused);
  CHECK(timeless(again) == timeless(outcome));
  CHECK(plan_of_run(out, again)["tuned"] == whole["tuned"]);
}

TEST_CASE("seeds are added until a comparison is decided, and no further", "[study]") {
  const TemporaryFolder out;
  StudyOptions options = options_in(out);
  options.max_seeds = 5;
  // An arm like the baseline is never decided: all seeds are used.
  const Resolved same = tiny_study({R"(study.arms=["standard", "aa"])", "study.margin=0"});
  const StudyOutcome all = run_study(same, options);
  CHECK(all.result.config.study.seeds == SeedList{0, 1, 2, 3, 4});
  const Json plan = plan_of_run(out, all);
  CHECK(plan["requests"][0]["seeds"] == "0,1");
  CHECK(all.result.comparisons[0].difference.n == 5);

  // One that cannot learn is worse at once.
  options.max_seeds = 40;
  const StudyOutcome decided = run_study(
      tiny_study({R"(study.arms=["standard", {"name": "still", "set": {"optimiser.learning_rate": 1e-9}}])",
                  "study.seeds=0..5"}),
      options);
  CHECK(decided.result.config.study.seeds.size() < 40);
  CHECK(decided.result.comparisons[0].decision.outcome == Outcome::worse);
}
