#include "catch.h"
#include "data/corpus.h"
#include "study/trials.h"

using namespace ate;
using namespace ate::testing;

namespace {

double floor_of(const Config& config) { return source_entropy(config.source).value(); }

// Four pairs of seeds; each standard loss lies so many of its own standard errors from the floor.
StudyResult at_distance(double errors) {
  const Config config = study_config(4);
  std::vector<TrialRecord> trials;
  for (int64_t seed = 0; seed < 4; ++seed) {
    trials.push_back(finished(Arm::standard, seed, {floor_of(config) + errors * 0.01}));
    trials.push_back(finished(Arm::bespoke, seed, {floor_of(config) + 1 + static_cast<double>(seed)}));
  }
  return assess(config, "run", trials);
}

StudyResult leaking(Arm arm, bool bag = false) {
  Config config = study_config(10);
  if (bag) config.body.kind = BodyKind::bag;
  std::vector<TrialRecord> trials;
  for (int64_t seed = 0; seed < 10; ++seed) {
    trials.push_back(finished(Arm::standard, seed, {5}));
    trials.push_back(finished(Arm::bespoke, seed, {4 + static_cast<double>(seed) / 64}));
  }
  for (TrialRecord& trial : trials)
    if (trial.id.arm == arm && trial.id.seed == 7) trial.progress.leak = 0.5;
  return assess(config, "run", trials);
}

}  // namespace

TEST_CASE("honest trials pass every canary of every arm", "[study]") {
  const StudyResult result = at_distance(10);
  CHECK(result.canaries.size() == 4);
  for (const char* name : {"causality standard", "causality bespoke", "floor standard", "floor bespoke"}) {
    CAPTURE(name);
    REQUIRE(find_canary(result, name) != nullptr);
    CHECK(find_canary(result, name)->passed);
    CHECK(!find_canary(result, name)->detail.empty());
  }
}

TEST_CASE("a mean loss more than three of its standard errors below the floor is leakage", "[study]") {
  // Over four seeds the mean's error is half of one loss's: 1.45 of those are 2.9 of the mean's.
  CHECK(find_canary(at_distance(-1.45), "floor standard")->passed);
  CHECK(!find_canary(at_distance(-1.55), "floor standard")->passed);
  CHECK(find_canary(at_distance(-1.55), "floor bespoke")->passed);
  CHECK(find_canary(at_distance(0), "floor standard")->passed);
}

TEST_CASE("a loss below the floor takes the verdict away and is told", "[study]") {
  const StudyResult result = at_distance(-50);
  CHECK(result.comparisons[0].verdict.rfind("none", 0) == 0);
  CHECK(result.comparisons[0].verdict.find("canary") != std::string::npos);
  CHECK(any_note(result, "below what any honest model can reach"));
  CHECK(find_canary(result, "floor standard")->detail.find("100.0 standard errors below") !=
        std::string::npos);
}

TEST_CASE("a leak in any trial fails its arm's canary and takes the verdict away", "[study]") {
  for (const Arm& arm : {Arm::standard, Arm::bespoke}) {
    const StudyResult result = leaking(arm);
    CHECK(find_canary(result, "causality standard")->passed == (arm != Arm::standard));
    CHECK(find_canary(result, "causality bespoke")->passed == (arm != Arm::bespoke));
    CHECK(result.comparisons[0].verdict.rfind("none", 0) == 0);
    CHECK(any_note(result, "reads its own targets"));
  }
}

TEST_CASE("a leak is told with its size, and how many targets are in the input", "[study]") {
  const StudyResult result = leaking(Arm::standard);
  const std::string detail = find_canary(result, "causality standard")->detail;
  CHECK(detail.find("0.5") != std::string::npos);
  CHECK(detail.find("5 of 6 targets") != std::string::npos);
  CHECK(any_note(result, "5 of 6 are in the input"));
}

TEST_CASE("an arm without a finished seed has no floor to fall below", "[study]") {
  const StudyResult result =
      assess(study_config(1), "run", {diverged(Arm::standard, 0), finished(Arm::bespoke, 0, {4})});
  CHECK(find_canary(result, "floor standard")->passed);
  CHECK(find_canary(result, "floor standard")->detail == "no seed has finished");
}

TEST_CASE("without a leak no note speaks of one", "[study]") {
  CHECK(!any_note(at_distance(10), "reads its own targets"));
  CHECK(!any_note(at_distance(10), "honest model"));
}
