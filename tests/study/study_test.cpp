// Whole studies of tiny models: what they leave on disk, and that they go on where they stopped.
#include "study/study.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "catch.h"
#include "helpers/errors.h"
#include "helpers/temporary_folder.h"

using namespace ate;
using namespace ate::testing;
namespace fs = std::filesystem;

namespace {

using Json = nlohmann::ordered_json;

Resolved tiny_study(std::vector<std::string> more = {}) {
  std::vector<std::string> sets = {"name=tiny",
                                   "device=cpu",
                                   "source={\"vocabulary\": 20, \"exponent\": 1.1, \"tokens\": 400}",
                                   "windows={\"length\": 6, \"batch\": 4, \"batches_per_epoch\": 3}",
                                   "bands={\"high\": 4, \"low\": 6}",
                                   "body={\"kind\": \"encoder\", \"width\": 8, \"heads\": 2}",
                                   "schedule.epochs=3",
                                   "evaluation.every=1",
                                   "study.seeds=0,1"};
  sets.insert(sets.end(), more.begin(), more.end());
  return resolve({"", "", sets, {}});
}

StudyOptions options_in(const TemporaryFolder& out) {
  StudyOptions options;
  options.command = "study";
  options.out = out.path();
  options.jobs = 1;
  return options;
}

StudyOutcome run_in(const TemporaryFolder& out, std::vector<std::string> sets = {}) {
  return run_study(tiny_study(std::move(sets)), options_in(out));
}

fs::path folder_of(const TemporaryFolder& out, const StudyOutcome& outcome) {
  return out.path() / "runs" / outcome.result.run_id;
}

fs::path checkpoint_of(const TemporaryFolder& out, const StudyOutcome& outcome, const std::string& trial) {
  return folder_of(out, outcome) / "checkpoint" / (trial + ".safetensors");
}

// The result without what differs from run to run: the clock, and what was planned first.
Json timeless(const StudyOutcome& outcome) {
  Json result = to_json(outcome.result);
  result.erase("plan");
  for (Json& trial : result["trials"]) trial.erase("seconds");
  return result;
}

void damage(const fs::path& path) {
  std::string bytes = bytes_of_file(path);
  REQUIRE(bytes.size() > 1000);
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  std::ofstream(path, std::ios::binary) << bytes;
}

}  // namespace

TEST_CASE("a study trains every arm from every seed and stores everything where it is looked for",
          "[study]") {
  const TemporaryFolder out;
  const StudyOutcome outcome = run_in(out);
  CHECK(outcome.complete);
  CHECK(!outcome.reused);
  CHECK(outcome.stop_signal == 0);
  CHECK(outcome.result.run_id == "study-tiny-" + experiment_hash(tiny_study().config));
  std::vector<std::string> trials;
  for (const TrialRecord& trial : outcome.result.trials) {
    trials.push_back(trial.id.text());
    CHECK(trial.progress.status == TrialStatus::finished);
    CHECK(fs::exists(checkpoint_of(out, outcome, trial.id.text())));
    CHECK(fs::exists(out.path() / ("progress_" + trial.id.arm_name() + "_s" + std::to_string(trial.id.seed) +
                                   "_" + outcome.result.run_id + ".json")));
  }
  CHECK(trials == std::vector<std::string>{"standard-s0", "bespoke-s0", "standard-s1", "bespoke-s1"});
  const fs::path folder = folder_of(out, outcome);
  for (const char* name :
       {"config.json", "plan.json", "environment.json", "metrics.jsonl", "result.json", "DONE"}) {
    CAPTURE(name);
    CHECK(fs::exists(folder / name));
  }
  const Json stored = Json::parse(bytes_of_file(out.path() / ("results_" + outcome.result.run_id + ".json")));
  CHECK(stored == to_json(outcome.result));
  CHECK(Json::parse(bytes_of_file(folder / "result.json")) == stored);
}

TEST_CASE("the progress file has the fields that people watch", "[study]") {
  const TemporaryFolder out;
  const StudyOutcome outcome = run_in(out, {"study.seeds=3"});
  const Json progress =
      Json::parse(bytes_of_file(out.path() / ("progress_bespoke_s3_" + outcome.result.run_id + ".json")));
  CHECK(progress["model_name"] == "bespoke");
  CHECK(progress["epoch"] == 3);
  CHECK(progress["epochs_total"] == 3);
  CHECK(progress["status"] == "finished");
  CHECK(progress["eta_seconds"] == 0);
  CHECK(progress["eval_epochs"] == Json{0, 1, 2});
  CHECK(progress["train_losses"].size() == 3);
  REQUIRE(progress["val_losses"].size() == 3);
  REQUIRE(progress["val_perplexities"].size() == 3);
  CHECK(std::abs(std::exp(progress["val_losses"][2].get<double>()) -
                 progress["val_perplexities"][2].get<double>()) < 1e-12);
  CHECK(progress["floor"].get<double>() == outcome.result.floor);
}

TEST_CASE("trials side by side give the bits of trials one after the other", "[study][threads]") {
  const TemporaryFolder one, four;
  const StudyOutcome serial = run_in(one);
  StudyOptions options = options_in(four);
  options.jobs = 4;
  const StudyOutcome side_by_side = run_study(tiny_study(), options);
  CHECK(timeless(side_by_side) == timeless(serial));
  for (const TrialRecord& trial : serial.result.trials) {
    const std::string name = trial.id.text();
    const bool equal = bytes_of_file(checkpoint_of(one, serial, name)) ==
                       bytes_of_file(checkpoint_of(four, side_by_side, name));
    CHECK(equal);
  }
}

TEST_CASE("the same study again trains nothing and gives the same result", "[study]") {
  const TemporaryFolder out;
  const StudyOutcome first = run_in(out);
  const StudyOutcome second = run_in(out);
  CHECK(second.reused);
  CHECK(second.complete);
  CHECK(to_json(second.result) == to_json(first.result));
}

TEST_CASE("more seeds extend a study: what is finished stays, and the plan says that it grew", "[study]") {
  const TemporaryFolder out;
  const StudyOutcome small = run_in(out, {"study.seeds=0"});
  const std::string before = bytes_of_file(checkpoint_of(out, small, "bespoke-s0"));
  const Json plan_before = Json::parse(bytes_of_file(folder_of(out, small) / "plan.json"));
  CHECK(plan_before["requests"].size() == 1);
  CHECK(plan_before["extended"] == false);
  const StudyOutcome larger = run_in(out, {"study.seeds=0,1"});
  CHECK(larger.result.run_id == small.result.run_id);
  CHECK(larger.result.trials.size() == 4);
  const bool kept = bytes_of_file(checkpoint_of(out, larger, "bespoke-s0")) == before;
  CHECK(kept);
  const Json plan = Json::parse(bytes_of_file(folder_of(out, larger) / "plan.json"));
  CHECK(plan["requests"].size() == 2);
  CHECK(plan["extended"] == true);
  CHECK(plan["requests"][0] == plan_before["requests"][0]);
  CHECK(small.result.plan.departures.empty());
  CHECK(small.result.plan.hash == plan["requests"][0]["hash"]);
  CHECK(larger.result.plan.departures == std::vector<std::string>{"seed 1 added"});
  CHECK(larger.result.plan.hash == small.result.plan.hash);

  // And the extended study is the one that had all seeds from the start.
  const TemporaryFolder whole;
  CHECK(timeless(larger) == timeless(run_in(whole, {"study.seeds=0,1"})));
}

TEST_CASE("a smaller request is answered without touching what is stored", "[study]") {
  const TemporaryFolder out;
  const StudyOutcome whole = run_in(out);
  const fs::path stored = out.path() / ("results_" + whole.result.run_id + ".json");
  const std::string before = bytes_of_file(stored);
  const StudyOutcome part = run_in(out, {"study.seeds=1"});
  CHECK(part.part_of_stored);
  CHECK(part.reused);
  CHECK(part.result.trials.size() == 2);
  CHECK(bytes_of_file(stored) == before);
  CHECK(fs::exists(folder_of(out, whole) / "DONE"));
}

TEST_CASE("another margin trains nothing, judges anew and is named as a departure", "[study]") {
  const TemporaryFolder out;
  const StudyOutcome planned = run_in(out);
  CHECK(planned.result.plan.departures.empty());
  const StudyOutcome other = run_in(out, {"study.margin=0.5"});
  CHECK(other.reused);
  CHECK(other.result.run_id == planned.result.run_id);
  CHECK(other.result.margin == 50 * planned.result.margin);
  CHECK(other.result.comparisons[0].p_equivalence < planned.result.comparisons[0].p_equivalence);
  CHECK(other.result.plan.departures == std::vector<std::string>{"margin 0.5 instead of 0.01"});
  const Json stored = Json::parse(bytes_of_file(folder_of(out, other) / "result.json"));
  CHECK(stored == to_json(other.result));
  CHECK(Json::parse(bytes_of_file(folder_of(out, other) / "plan.json"))["extended"] == false);
  CHECK(to_json(run_in(out).result) == to_json(planned.result));
}

TEST_CASE("a damaged checkpoint gives way to the one before it, and the end is the same", "[study]") {
  const TemporaryFolder out;
  const StudyOutcome outcome = run_in(out);
  const fs::path path = checkpoint_of(out, outcome, "bespoke-s1");
  const std::string good = bytes_of_file(path);
  damage(path);
  const StudyOutcome again = run_in(out);
  CHECK(!again.reused);
  CHECK(timeless(again) == timeless(outcome));
  const bool equal = bytes_of_file(path) == good;
  CHECK(equal);
}

TEST_CASE("a trial whose checkpoints are both damaged is named, with what to do", "[study]") {
  const TemporaryFolder out;
  const StudyOutcome outcome = run_in(out);
  const fs::path path = checkpoint_of(out, outcome, "standard-s0");
  damage(path);
  damage(fs::path(path).replace_extension(".previous.safetensors"));
  const std::string text = complaint_of<Failure>([&] { run_in(out); });
  CHECK(contains(text, "standard-s0"));
  CHECK(contains(text, "delete both"));
}

TEST_CASE("a diverged trial ends, the study goes on and is complete", "[study]") {
  const TemporaryFolder out;
  const StudyOutcome outcome = run_in(out, {"optimiser.learning_rate=1e30", "body.kind=bag"});
  CHECK(outcome.complete);
  REQUIRE(outcome.result.trials.size() == 4);
  for (const TrialRecord& trial : outcome.result.trials)
    CHECK(trial.progress.status == TrialStatus::diverged);
  CHECK(fs::exists(folder_of(out, outcome) / "DONE"));
  CHECK(run_in(out, {"optimiser.learning_rate=1e30", "body.kind=bag"}).reused);
}

TEST_CASE("an impossible request is refused before anything is written, at the setting's address",
          "[study]") {
  const TemporaryFolder out;
  const std::string empty_band = complaint_of<BadInput>([&] {
    run_in(out, {"bands.high=0", "study.seeds=5,6"});
  });
  CHECK(contains(empty_band, "--set bands.high=0: for seed 5 the high band has no token"));
  CHECK(contains(complaint_of<BadInput>([&] { run_in(out, {"device=cuda:99"}); }), "--set device=cuda:99: "));
  CHECK(fs::is_empty(out.path()));
  CHECK(run_in(out, {"bands.high=0", "study.arms=[\"standard\"]"}).complete);  // which has no bands
}

TEST_CASE("starting over trains again and keeps the old run", "[study]") {
  const TemporaryFolder out;
  const StudyOutcome first = run_in(out);
  StudyOptions options = options_in(out);
  options.fresh = true;
  const StudyOutcome second = run_study(tiny_study(), options);
  CHECK(!second.reused);
  CHECK(timeless(second) == timeless(first));
  CHECK(fs::exists(out.path() / "runs" / (first.result.run_id + ".1") / "DONE"));
}
