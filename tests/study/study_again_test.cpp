// The same study once more, a larger or a smaller one, one whose files were damaged: what is finished stays.
#include <nlohmann/json.hpp>
#include <sstream>

#include "catch.h"
#include "helpers/errors.h"
#include "study/tiny_study.h"

using namespace ate;
using namespace ate::testing;
namespace fs = std::filesystem;

namespace {

using Json = nlohmann::ordered_json;

void damage(const std::filesystem::path& path) {
  std::string bytes = bytes_of_file(path);
  REQUIRE(bytes.size() > 1000);
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 1);
  std::ofstream(path, std::ios::binary) << bytes;
}

}  // namespace

TEST_CASE("the same study again trains nothing and gives the same result", "[study]") {
  const TemporaryFolder out;
  const StudyOutcome first = run_in(out);
  const StudyOutcome second = run_in(out);
  CHECK(second.reused);
  CHECK(!second.part_of_stored);
  CHECK(Json::parse(bytes_of_file(folder_of(out, first) / "plan.json"))["requests"].size() == 1);
  CHECK(to_json(second.result) == to_json(first.result));
}

TEST_CASE("more seeds extend a record: what it kept of trials is not trained again", "[study]") {
  const TemporaryFolder whole;
  const Json expected = timeless(run_in(whole, {"study.seeds=0,1"}));
  const auto record = [](const TemporaryFolder& out) {
    const StudyOutcome small = run_in(out, {"study.seeds=0"});
    const fs::path folder = folder_of(out, small);
    for (const auto& entry : fs::directory_iterator(out.path()))
      if (entry.path() != out.path() / "runs") fs::remove_all(entry.path());
    for (const auto& entry : fs::directory_iterator(folder))
      if (const std::string name = entry.path().filename().string();
          name != "config.json" && name != "plan.json" && name != "trials.json")
        fs::remove_all(entry.path());
    return folder;
  };
  const auto finished_before = [](const fs::path& folder) {
    const std::string line = bytes_of_file(folder / "metrics.jsonl");
    return Json::parse(line.substr(0, line.find('\n')))["finished_before"].get<int>();
  };
  const auto extended = [](const TemporaryFolder& out) {
    Json result = timeless(run_in(out, {"study.seeds=0,1"}));
    return result["trials"];
  };
  {
    const TemporaryFolder out;
    const fs::path folder = record(out);
    CHECK(extended(out) == expected["trials"]);
    CHECK(finished_before(folder) == 2);
    CHECK(!fs::exists(folder / "checkpoint" / "standard-s0.safetensors"));
    CHECK(fs::exists(folder / "checkpoint" / "standard-s1.safetensors"));
  }
  // Of other settings, of an earlier version that did not say of which, or damaged: trained again.
  for (const std::string what : {"another", "none", "damaged"}) {
    CAPTURE(what);
    const TemporaryFolder out;
    const fs::path folder = record(out);
    Json trials = Json::parse(bytes_of_file(folder / "trials.json"));
    for (auto& [name, trial] : trials.items()) {
      trial["evaluations"][0]["loss"] = 0;
      if (what == "another") trial["experiment"] = "0123456789";
      if (what == "none") trial.erase("experiment");
      if (what == "damaged") trial["leak"] = "a word";
    }
    std::ofstream(folder / "trials.json") << trials;
    CHECK(extended(out) == expected["trials"]);
    CHECK(finished_before(folder) == 0);
  }
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

  // And the extended study is the one that had all seeds from the start, but for what decides: seeds that were added
  // are tested apart.
  const TemporaryFolder whole;
  Json extended = timeless(larger);
  Json planned = timeless(run_in(whole, {"study.seeds=0,1"}));
  CHECK(extended["comparisons"][0]["mean_difference"] == planned["comparisons"][0]["mean_difference"]);
  for (Json* result : {&extended, &planned})
    for (const char* key : {"comparisons", "notes"}) result->erase(key);
  CHECK(extended == planned);
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
  // Not trained again from the start, which would end in the same bits: the last of three epochs was left.
  std::vector<Json> resumed;
  std::istringstream lines(bytes_of_file(folder_of(out, outcome) / "metrics.jsonl"));
  for (std::string line; std::getline(lines, line);)
    if (const Json event = Json::parse(line); event["event"] == "resumed") resumed.push_back(event);
  REQUIRE(resumed.size() == 1);
  CHECK(resumed[0]["arm"] == "bespoke");
  CHECK(resumed[0]["seed"] == 1);
  CHECK(resumed[0]["epoch"] == 2);
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
  REQUIRE(outcome.result.trials.size() == 4);
  for (const TrialRecord& trial : outcome.result.trials)
    CHECK(trial.progress.status == TrainingStatus::diverged);
  CHECK(fs::exists(folder_of(out, outcome) / "DONE"));
  CHECK(run_in(out, {"optimiser.learning_rate=1e30", "body.kind=bag"}).reused);
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
