// Losses and excess losses by frequency band, from the trials to the report.
#include <cmath>
#include <nlohmann/json.hpp>

#include "catch.h"
#include "study/report.h"
#include "study/trials.h"

using namespace ate;
using namespace ate::testing;

namespace {

TrialRecord banded(Arm arm, int64_t seed, const std::array<BandScore, 3>& bands) {
  TrialRecord trial = finished(arm, seed, {9.0, 4.0});
  trial.progress.evaluations.back().bands = bands;
  return trial;
}

StudyResult study() {
  return assess(study_config(2), "study-tiny-0123456789",
                {banded(Arm::standard, 0, {{{50, 2.0, 0.25}, {30, 4.0, 0.5}, {0, 0, std::nullopt}}}),
                 banded(Arm::bespoke, 0, {{{50, 2.5, -0.5}, {30, 4.0, 0.5}, {0, 0, std::nullopt}}}),
                 banded(Arm::standard, 1, {{{40, 3.0, 0.75}, {36, 4.5, 0.5}, {4, 8.0, 2.0}}}),
                 diverged(Arm::bespoke, 1)});
}

}  // namespace

TEST_CASE("an arm's bands are means over the finished seeds that had such targets", "[study]") {
  const StudyResult result = study();
  const auto& standard = result.arms[0].bands;
  CHECK(standard[0].targets == 90);
  CHECK(standard[0].loss.mean == 2.5);
  CHECK(standard[0].excess == 0.5);
  CHECK(standard[2].targets == 4);
  CHECK(standard[2].loss.mean == 8.0);
  CHECK(standard[2].excess == 2.0);
  const auto& bespoke = result.arms[1].bands;
  CHECK(bespoke[0].targets == 50);
  CHECK(bespoke[0].excess == -0.5);
  CHECK(bespoke[2].targets == 0);
  CHECK(!bespoke[2].excess);
}

TEST_CASE("bands stand in the result file and in a table, arm beside arm", "[study]") {
  const StudyResult result = study();
  const auto json = to_json(result)["arms"];
  CHECK(json[0]["bands"][0].dump() == R"({"band":"high","targets":90,"mean_loss":2.5,"mean_excess":0.5})");
  CHECK(json[1]["bands"][2].dump() == R"({"band":"low","targets":0,"mean_loss":null,"mean_excess":null})");
  for (const Table& table : study_report(result).tables) {
    if (table.name != "bands") continue;
    REQUIRE(table.rows.size() == 6);
    CHECK(nlohmann::ordered_json(table.rows[1]).dump() == R"(["high","bespoke",50,2.5,-0.5])");
    CHECK(nlohmann::ordered_json(table.rows[4]).dump() == R"(["low","standard",4,8.0,2.0])");
    return;
  }
  FAIL("no table of bands");
}
