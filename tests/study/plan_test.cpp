#include "study/plan.h"

#include <nlohmann/json.hpp>
#include <regex>

#include "catch.h"
#include "helpers/errors.h"
#include "study/notes.h"
#include "study/trials.h"

using namespace ate;
using namespace ate::testing;

namespace {

using Json = nlohmann::ordered_json;

Json stored(const Config& config) { return with_request(nullptr, config); }

std::string departures(const Json& plan, const Config& config) {
  std::string out;
  for (const std::string& clause : compare_with_plan(plan, config).departures)
    out += (out.empty() ? "" : "; ") + clause;
  return out;
}

}  // namespace

TEST_CASE("a plan holds arms, seeds, metric, margin and epochs, and its own hash", "[study]") {
  const Json plan = plan_of(study_config(3));
  CHECK(plan["arms"] == Json{"standard", "bespoke"});
  CHECK(plan["seeds"] == "0..2");
  CHECK(plan["margin"] == 0.01);
  CHECK(plan["epochs"] == 3);
  CHECK(contains(plan["metric"].get<std::string>(), "excess loss"));
  CHECK(std::regex_match(plan["hash"].get<std::string>(), std::regex("[0-9a-f]{16}")));
}

TEST_CASE("whatever changes the plan changes its hash", "[study]") {
  const Config config = study_config(3);
  std::vector<Config> others(4, config);
  others[0].study.seeds.push_back(7);
  others[1].study.arms = {Arm::bespoke, Arm::standard};
  others[2].study.margin = 0.02;
  others[3].schedule.epochs = 4;
  for (const Config& other : others) CHECK(plan_of(other)["hash"] != plan_of(config)["hash"]);
  Config renamed = config;
  renamed.description = "the same";
  CHECK(plan_of(renamed)["hash"] == plan_of(config)["hash"]);
}

TEST_CASE("the first request is the plan; others are kept behind it, each once", "[study]") {
  Config config = study_config(2);
  const Json plan = stored(config);
  CHECK(plan["requests"] == Json::array({plan_of(config)}));
  CHECK(plan["extended"] == false);
  CHECK(with_request(plan, config) == plan);
  config.study.margin = 0.02;
  const Json other_margin = with_request(plan, config);
  CHECK(other_margin["requests"].size() == 2);
  CHECK(other_margin["extended"] == false);
  config.study.seeds.push_back(2);
  const Json extended = with_request(other_margin, config);
  CHECK(extended["requests"].size() == 3);
  CHECK(extended["requests"][0] == plan["requests"][0]);
  CHECK(extended["extended"] == true);
  CHECK(with_request(extended, config) == extended);
  CHECK(with_request(extended, study_config(2)) == extended);
}

TEST_CASE("a run as planned departs from nothing", "[study]") {
  const Config config = study_config(3);
  const PlanRecord record = compare_with_plan(stored(config), config);
  CHECK(record.hash == plan_of(config)["hash"]);
  CHECK(record.departures.empty());
  CHECK(!describe_departures(record));
}

TEST_CASE("every departure is named", "[study]") {
  const Json plan = stored(study_config(3));
  CHECK(departures(plan, study_config(5)) == "seeds 3,4 added");
  CHECK(departures(plan, study_config(2)) == "seed 2 left out");
  Config config = study_config(3);
  config.study.arms = {Arm::standard};
  CHECK(departures(plan, config) == "arm bespoke left out");
  CHECK(departures(stored(config), study_config(3)) == "arm bespoke added");
  config = study_config(3);
  config.study.arms = {Arm::bespoke, Arm::standard};
  CHECK(departures(plan, config) == "the baseline bespoke instead of standard");
  config = study_config(3);
  config.study.margin = 0.05;
  CHECK(departures(plan, config) == "margin 0.05 instead of 0.01");
  config.study.seeds = {1, 2, 9};
  CHECK(departures(plan, config) == "seed 9 added; seed 0 left out; margin 0.05 instead of 0.01");
  // Against the plan, not against what was asked for in between.
  CHECK(departures(with_request(plan, config), study_config(3)).empty());
}

TEST_CASE("a plan altered by hand shows", "[study]") {
  Json plan = stored(study_config(3));
  plan["requests"][0]["seeds"] = "0..4";
  CHECK(contains(departures(plan, study_config(5)), "altered"));
}

TEST_CASE("no plan, or none that can be read, says nothing", "[study]") {
  for (const Json& plan :
       {Json(nullptr), Json::object(), Json{{"requests", Json::array()}}, Json{{"requests", 3}}}) {
    const PlanRecord record = compare_with_plan(plan, study_config(3));
    CHECK(record.hash.empty());
    CHECK(record.departures.empty());
    CHECK(with_request(plan, study_config(3)) == stored(study_config(3)));
  }
}

TEST_CASE("the departures become a sentence", "[study]") {
  const std::string note = *describe_departures({"abc", {"seed 9 added", "margin 0.05 instead of 0.01"}});
  CHECK(contains(note,
                 "not what was planned before the first step: seed 9 added; margin 0.05 instead of 0.01."));
}
