// The result file is a contract with scripts: every field that the command line's specification names.
#include <cmath>
#include <nlohmann/json.hpp>

#include "catch.h"
#include "study/trials.h"

using namespace ate;
using namespace ate::testing;

namespace {

using Json = nlohmann::ordered_json;

Json small_result() {
  Config config = study_config(3);
  config.name = "tiny";
  config.seed_criteria.loss_ratio_below = 0.9;
  config.seed_criteria.settled_within = 0.1;
  std::vector<TrialRecord> trials = pairs({4, 5, 6}, {3.5, 5, 5.75});
  trials[5] = diverged(Arm::bespoke, 2);
  return to_json(assess(config, "study-tiny-0123456789", trials));
}

// The names that `object` lacks, joined.
std::string missing(const Json& object, const std::vector<const char*>& names) {
  std::string out;
  for (const char* name : names)
    if (!object.contains(name)) out += std::string(out.empty() ? "" : ", ") + name;
  return out;
}

}  // namespace

TEST_CASE("a result says which run, preset and mode it is of, and the floor", "[study]") {
  const Json result = small_result();
  CHECK(result["run_id"] == "study-tiny-0123456789");
  CHECK(result["preset"] == "tiny");
  CHECK(result["mode"] == "corrected");
  CHECK(std::abs(result["floor_nats"].get<double>() - 2.6) < 0.2);
}

TEST_CASE("a result has every field of the contract", "[study]") {
  const Json result = small_result();
  CHECK(missing(result, {"run_id", "preset", "mode", "floor_nats", "arms", "trials", "comparisons",
                         "canaries", "seed_criteria"}) == "");
  CHECK(missing(result["arms"][0],
                {"arm", "parameters", "flops_per_token", "epochs", "mean_loss", "mean_excess"}) == "");
  CHECK(missing(result["trials"][0],
                {"arm", "seed", "status", "epochs", "val_loss", "perplexity", "excess", "seconds"}) == "");
  CHECK(missing(result["comparisons"][0], {"arm", "baseline", "n", "mean_difference", "ci95", "p_t",
                                           "p_sign_flip", "p_holm", "verdict", "smallest_detectable"}) == "");
  CHECK(missing(result["canaries"][0], {"name", "passed", "detail"}) == "");
  CHECK(missing(result["seed_criteria"][0], {"name", "value", "threshold", "met"}) == "");
}

TEST_CASE("a result's numbers are those of the trials", "[study]") {
  const Json result = small_result();
  const Json& arm = result["arms"][0];
  CHECK(arm["arm"] == "standard");
  CHECK(arm["parameters"] == 1000);
  CHECK(arm["mean_loss"] == 5);
  CHECK(std::abs(arm["perplexity"].get<double>() - std::exp(5)) < 1e-12 * std::exp(5));
  CHECK(std::abs(arm["mean_excess"].get<double>() - (5 - result["floor_nats"].get<double>())) < 1e-15);
  const Json& trial = result["trials"][1];
  CHECK(trial["arm"] == "bespoke");
  CHECK(trial["seed"] == 0);
  CHECK(trial["status"] == "finished");
  CHECK(trial["epochs"] == 2);
  CHECK(trial["val_loss"] == 3.5);
  CHECK(std::abs(trial["perplexity"].get<double>() - std::exp(3.5)) < 1e-12 * std::exp(3.5));
  CHECK(std::abs(trial["excess"].get<double>() - (3.5 - result["floor_nats"].get<double>())) < 1e-15);
  CHECK(trial["seconds"] == 1.5);
  CHECK(!trial.contains("reason"));
  const Json& comparison = result["comparisons"][0];
  CHECK(comparison["arm"] == "bespoke");
  CHECK(comparison["baseline"] == "standard");
  CHECK(comparison["n"] == 2);
  CHECK(comparison["mean_difference"] == -0.25);
  REQUIRE(comparison["ci95"].size() == 2);
  CHECK(comparison["ci95"][0] < comparison["ci95"][1]);
  CHECK(comparison["verdict"] == "exploratory: undecided");
  CHECK(comparison["p_holm"] == comparison["p_t"]);
  CHECK(comparison["p_sign_flip"] == 1);
  CHECK(comparison["p_equivalence"] > 0.5);
  CHECK(comparison["smallest_detectable"] > 0);
  CHECK(result["metric"] == "sampled cross-entropy");
  CHECK(result["margin_nats"] == 0.01 * result["floor_nats"].get<double>());
}

TEST_CASE("exact excess loss stands in place of what lies above the floor", "[study]") {
  std::vector<TrialRecord> trials = pairs({4, 5, 6}, {3.5, 5, 5.75});
  for (TrialRecord& trial : trials) trial.progress.evaluations.back().excess = 0.125;
  trials[1].progress.evaluations.back().excess = 0.25;
  const Json result = to_json(assess(study_config(3), "run", trials));
  CHECK(result["metric"] == "exact excess loss");
  CHECK(result["trials"][1]["excess"] == 0.25);
  CHECK(result["trials"][1]["val_loss"] == 3.5);
  CHECK(result["arms"][0]["mean_excess"] == 0.125);
  CHECK(std::abs(result["comparisons"][0]["mean_difference"].get<double>() - 0.125 / 3) < 1e-15);
}

TEST_CASE("a diverged trial is listed with its reason", "[study]") {
  const Json trial = small_result()["trials"][5];
  CHECK(trial["status"] == "diverged");
  CHECK(trial["reason"] == "the training loss was inf at epoch 2, step 1");
}

TEST_CASE("what is no number is null, and the text is JSON that any program reads", "[study]") {
  const Json result = small_result();
  CHECK(result["seed_criteria"][1]["name"] == "settled");
  CHECK(result["seed_criteria"][1]["value"].is_null());
  const Json one = to_json(assess(study_config(1), "run", pairs({4}, {3})));
  CHECK(one["comparisons"][0]["ci95"] == Json{nullptr, nullptr});
  CHECK(one["comparisons"][0]["p_t"].is_null());
  CHECK(one["arms"][0]["sd_loss"].is_null());
  const Json none = to_json(assess(study_config(1), "run", {}));
  CHECK(none["arms"][0]["mean_loss"].is_null());
  CHECK(none["arms"][0]["epochs"] == Json{nullptr, nullptr});
  CHECK(none["arms"][0]["mean_excess"].is_null());
  for (const Json& document : {result, one, none}) CHECK(Json::parse(document.dump()) == document);
}

TEST_CASE("with a tune part the arms have their loss where the tune loss was lowest, seed by seed",
          "[study]") {
  Config config = study_config(2);
  std::vector<TrialRecord> trials;
  for (const int64_t seed : {0, 1})
    for (const Arm& arm : {Arm::standard, Arm::bespoke}) {
      TrialRecord trial = finished(arm, seed, {3, 2.5 + 0.25 * static_cast<double>(seed), 2.75});
      // Lowest at the second evaluation in seed 0, at the first in seed 1.
      const double tune[2][3] = {{3, 2.6, 2.9}, {2.4, 2.6, 2.9}};
      for (size_t i = 0; i < 3; ++i) trial.progress.evaluations[i].tune_loss = tune[seed][i];
      trials.push_back(trial);
    }
  const Json document = to_json(assess(config, "", trials));
  const Json& best = document["arms"][0]["best"];
  CHECK(best["mean_loss"] == (2.5 + 3) / 2);
  CHECK(best["mean_tune_loss"] == 2.5);
  CHECK(best["mean_steps"] == (8 + 4) / 2.0);  // four to an epoch
  CHECK(document["arms"][0]["mean_loss"] == 2.75);
  CHECK(document["trials"][0]["best"]["val_loss"] == 2.5);
  CHECK(document["trials"][0]["val_loss"] == 2.75);
  for (TrialRecord& trial : trials)
    for (Evaluation& evaluation : trial.progress.evaluations) evaluation.tune_loss.reset();
  const Json without = to_json(assess(config, "", trials));
  CHECK(!without["arms"][0].contains("best"));
  CHECK(!without["trials"][0].contains("best"));
}
