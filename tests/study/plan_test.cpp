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

Json with(const Json& plan, const Config& config, bool begun = false) {
  return with_request(plan, config, "plan.json", begun);
}

Json stored(const Config& config) { return with(nullptr, config); }

PlanRecord record_of(const Json& plan, const Config& config) {
  return compare_with_plan(plan, config, "plan.json");
}

std::string departures(const Json& plan, const Config& config) {
  std::string out;
  for (const std::string& clause : record_of(plan, config).departures)
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
  CHECK(with(plan, config) == plan);
  config.study.margin = 0.02;
  const Json other_margin = with(plan, config);
  CHECK(other_margin["requests"].size() == 2);
  CHECK(other_margin["extended"] == false);
  config.study.seeds.push_back(2);
  const Json extended = with(other_margin, config);
  CHECK(extended["requests"].size() == 3);
  CHECK(extended["requests"][0] == plan["requests"][0]);
  CHECK(extended["extended"] == true);
  CHECK(with(extended, config) == extended);
  CHECK(with(extended, study_config(2)) == extended);
}

TEST_CASE("a run as planned departs from nothing", "[study]") {
  const Config config = study_config(3);
  const PlanRecord record = record_of(stored(config), config);
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
  CHECK(departures(with(plan, config), study_config(3)).empty());
}

TEST_CASE("seeds that come in for a declared look are planned, those beyond the last are not", "[study]") {
  const auto looking = [](int seeds) {
    Config config = study_config(seeds);
    config.study.looks = {{2, 4}};
    return config;
  };
  const Json plan = stored(looking(2));
  for (const int seeds : {3, 4}) CHECK(departures(with(plan, looking(seeds)), looking(seeds)).empty());
  const Json grown = with(with(plan, looking(4)), looking(6));
  CHECK(departures(grown, looking(6)) == "seeds 4,5 added");
  CHECK(departures(grown, looking(1)) == "seed 1 left out");
  // A look that is declared later plans nothing.
  CHECK(contains(departures(with(stored(study_config(2)), looking(4)), looking(4)), "seeds 2,3 added"));
}

TEST_CASE("a choice from before a plan kept what an arm sets is of the arm that was first asked for",
          "[study]") {
  Config config = study_config(2);
  config.study.arms = {Arm::standard, Arm("wide", {{"body.width", "16"}})};
  Json plan = stored(config);
  config.study.arms[1].set[0].value = "32";
  plan = with(plan, config);
  plan["tuned"] = Json::parse(R"({"grid": {}, "arms": [{"arm": "standard"}, {"arm": "wide"}]})");
  const auto tuned = [&] { return tuned_of_plan(plan, "plan.json"); };
  CHECK(tuned()["arms"][0]["own"] == Json::object());
  CHECK(tuned()["arms"][1]["own"] == Json({{"body.width", 16}}));
  plan["tuned"]["arms"][1]["own"] = {{"body.width", 8}};
  CHECK(tuned()["arms"][1]["own"] == Json({{"body.width", 8}}));
  plan["tuned"]["arms"].push_back({{"arm", "narrow"}});
  const std::string said = complaint_of<Failure>(tuned);
  CHECK(contains(said, "plan.json: /tuned/arms/2/own: is missing, and no request says what \"narrow\" sets"));
  CHECK(contains(said, "--fresh"));
  CHECK(tuned_of_plan(nullptr, "plan.json").is_null());
  CHECK(tuned_of_plan(stored(config), "plan.json").is_null());
}

TEST_CASE("a plan altered by hand shows", "[study]") {
  Json plan = stored(study_config(3));
  plan["requests"][0]["seeds"] = "0..4";
  CHECK(contains(departures(plan, study_config(5)), "altered"));
}

TEST_CASE("no plan says nothing before a trial has begun, and is named as lost after", "[study]") {
  for (const Json& plan : {Json(nullptr), Json::object(), Json{{"requests", Json::array()}}}) {
    const PlanRecord record = record_of(plan, study_config(3));
    CHECK(record.hash.empty());
    CHECK(record.departures.empty());
    CHECK(with(plan, study_config(3)) == stored(study_config(3)));
    const Json lost = with(plan, study_config(3), true);
    CHECK(contains(departures(lost, study_config(3)), "plan.json was removed or emptied"));
    CHECK(with(lost, study_config(3), true) == lost);
  }
  CHECK(with(stored(study_config(3)), study_config(3), true) == stored(study_config(3)));
}

TEST_CASE("a key that is missing is put back where the hash proves its value, and else named", "[study]") {
  const Json plan = stored(study_config(3));
  for (const auto& [key, value] : plan["requests"][0].items()) {
    CAPTURE(key);
    Json part = plan;
    part["requests"][0].erase(key);
    if (key == "hash") {  // without it nothing proves the rest
      CHECK(departures(with(part, study_config(3)), study_config(3)) ==
            "plan.json was altered: /requests/0/hash is missing");
      continue;
    }
    CHECK(with(part, study_config(3)) == plan);
    CHECK(departures(part, study_config(3)).empty());
    CHECK(record_of(part, study_config(3)).hash == plan["requests"][0]["hash"]);
    // Under another request nothing tells what it was.
    Config other = study_config(4);
    other.study.margin = 0.05;
    other.schedule.epochs = 9;
    other.study.arms = {Arm::bespoke};
    if (key == "metric" || key == "seeds_for_verdict") continue;  // which are always the same
    const std::string said = departures(with(part, other), other);
    CHECK(contains(said, "plan.json was altered: /requests/0/" + key + " is missing"));
  }
  Json part = plan;
  part["requests"][0] = Json::object();
  CHECK(contains(departures(with(part, study_config(3)), study_config(3)), "/requests/0/hash are missing"));
  part = plan;
  part.erase("extended");
  CHECK(with(part, study_config(3)) == plan);
  CHECK(departures(with(part, study_config(5)), study_config(5)) == "seeds 3,4 added");
}

TEST_CASE("a value of another type is told with file and place", "[study]") {
  const Json plan = stored(study_config(3));
  const auto complaint = [&](const Json& altered) {
    const std::string first = complaint_of<Failure>([&] { (void)with(altered, study_config(3)); });
    CHECK(complaint_of<Failure>([&] { (void)record_of(altered, study_config(3)); }) == first);
    return first;
  };
  for (const auto& [key, value] : plan["requests"][0].items()) {
    Json altered = plan;
    altered["requests"][0][key] = true;
    CAPTURE(key);
    CHECK(contains(complaint(altered), "plan.json: /requests/0/" + key + ": expected "));
  }
  Json altered = plan;
  altered["requests"][0]["seeds"] = 3;
  CHECK(complaint(altered) == "plan.json: /requests/0/seeds: expected a string, got 3");
  altered = plan;
  altered["requests"][0]["arms"][1] = 3;
  CHECK(complaint(altered) == "plan.json: /requests/0/arms/1: expected a string, got 3");
  altered["requests"] = 3;
  CHECK(complaint(altered) == "plan.json: /requests: expected a list, got 3");
  CHECK(complaint(Json::array()) == "plan.json: expected an object, got []");
}

TEST_CASE("the departures become a sentence", "[study]") {
  const std::string note = *describe_departures({"abc", {"seed 9 added", "margin 0.05 instead of 0.01"}});
  CHECK(contains(note,
                 "not what was planned before the first step: seed 9 added; margin 0.05 instead of 0.01."));
}
