// Whole studies of tiny models: what they leave on disk, and what they refuse.
#include "study/study.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "catch.h"
#include "config/kernels.h"
#include "helpers/errors.h"
#include "study/tiny_study.h"

using namespace ate;
using namespace ate::testing;
namespace fs = std::filesystem;

namespace {

using Json = nlohmann::ordered_json;

}  // namespace

TEST_CASE("a study trains every arm from every seed and stores everything where it is looked for",
          "[study]") {
  const TemporaryFolder out;
  const StudyOutcome outcome = run_in(out);
  CHECK(!outcome.reused);
  Config as_run = tiny_study().config;
  as_run.kernels = chosen_kernels(as_run);
  CHECK(outcome.result.run_id == "study-tiny-" + experiment_hash(as_run));
  std::vector<std::string> trials;
  for (const TrialRecord& trial : outcome.result.trials) {
    trials.push_back(trial.id.text());
    CHECK(trial.progress.status == TrainingStatus::finished);
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
  CHECK(progress["kernels"] == "fused");
  CHECK(progress["kernels_reason"] == "");
  CHECK(progress["eval_epochs"] == Json{0, 1, 2});
  CHECK(progress["train_losses"].size() == 3);
  REQUIRE(progress["val_losses"].size() == 3);
  REQUIRE(progress["val_perplexities"].size() == 3);
  CHECK(std::abs(std::exp(progress["val_losses"][2].get<double>()) -
                 progress["val_perplexities"][2].get<double>()) < 1e-12);
  CHECK(progress["floor"].get<double>() == outcome.result.floor);
}

TEST_CASE("progress files and results say which kernels trained, and why no faster ones", "[study]") {
  const auto told = [](const std::vector<std::string>& sets, int stack) {
    const TemporaryFolder out;
    StudyOptions options = options_in(out);
    options.stack = stack;
    const StudyOutcome outcome = run_study(tiny_study(sets), options);
    const Json progress =
        Json::parse(bytes_of_file(out.path() / ("progress_standard_s0_" + outcome.result.run_id + ".json")));
    const Json arm = to_json(outcome.result)["arms"][0];
    CHECK(arm["kernels"] == progress["kernels"]);
    CHECK(arm["kernels_reason"] == progress["kernels_reason"]);
    return progress["kernels"].get<std::string>() + ": " + progress["kernels_reason"].get<std::string>();
  };
  CHECK(told({"body.normalisation=rms"}, 1) == "fused: ");
  CHECK(told({"kernels=reference"}, 1) == "reference: as asked");
  CHECK(told({}, 2) == "stack: plain operations, many trials in one step");
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

TEST_CASE("an impossible request is refused before anything is written, at the setting's address",
          "[study]") {
  const TemporaryFolder out;
  const std::string empty_band = complaint_of<BadInput>([&] {
    run_in(out, {"bands.high=0", "study.seeds=5,6"});
  });
  CHECK(contains(empty_band, "--set bands.high=0: for seed 5 the high band has no token"));
  CHECK(contains(complaint_of<BadInput>([&] { run_in(out, {"device=cuda:99"}); }), "--set device=cuda:99: "));
  CHECK(fs::is_empty(out.path()));
  CHECK(run_in(out, {"bands.high=0", "study.arms=[\"standard\"]"}).result.trials.size() ==
        2);  // which has no bands
}
