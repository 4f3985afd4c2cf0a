// Claims files: strict reading, and the schema that follows from the same declarations.
#include <fmt/format.h>

#include "catch.h"
#include "claims/check.h"
#include "helpers/errors.h"

using namespace ate;
using namespace ate::testing;

namespace {

using Json = nlohmann::ordered_json;

Json ratio_claim() {
  return {{"id", "a.b"},
          {"claim", "A window is cheaper"},
          {"claimed", "8x"},
          {"check", "cost_ratio"},
          {"given", {{"d", 512}, {"T", 256}, {"k", 32}, {"attention", {"dense", "window"}}, {"ratio", 8}}}};
}

Json study_claim() {
  return {{"id", "s"},
          {"claim", "Bespoke is better"},
          {"claimed", "better"},
          {"check", "study_verdict"},
          {"given", {{"preset", "focused"}, {"arm", "bespoke"}, {"verdict", "better"}}}};
}

Json file_of(const Json& claim) {
  return {{"title", "A paper"}, {"source", "a link"}, {"claims", Json::array({claim})}};
}

std::string complaint(const Json& file) {
  return complaint_of<BadInput>([&] { (void)read_register(file.dump(), "my.json"); });
}

// The complaint about the claim with the member at `pointer` changed.
std::string complaint_with(Json claim, const std::string& pointer, const Json& value) {
  claim[Json::json_pointer(pointer)] = value;
  return complaint(file_of(claim));
}

std::string complaint_without(Json claim, const std::string& key) {
  claim.erase(key);
  return complaint(file_of(claim));
}

}  // namespace

TEST_CASE("a claims file is read with its title, source and places", "[claims]") {
  const Register claims = read_register(file_of(ratio_claim()).dump(), "my.json");
  CHECK(claims.title == "A paper");
  CHECK(claims.source == "a link");
  REQUIRE(claims.claims.size() == 1);
  CHECK(claims.claims[0].pointer == "/claims/0");
  CHECK(claims.claims[0].given == ratio_claim()["given"]);  // as it was written, without initial values
}

TEST_CASE("the file's own keys are checked", "[claims]") {
  CHECK(complaint(Json::array()) == "my.json: expected an object, got []");
  Json file = file_of(ratio_claim());
  file.erase("title");
  CHECK(complaint(file) == "my.json: /title: is missing: Whose claims these are");
  file = file_of(ratio_claim());
  file["sources"] = "x";
  CHECK(complaint(file) == "my.json: /sources: unknown key (did you mean \"source\"?)");
  file["sources/x"] = 1;
  file.erase("sources");
  CHECK(contains(complaint(file), "my.json: /sources~1x: unknown key"));
  file = file_of(ratio_claim());
  file["source"] = "";
  CHECK(complaint(file) == "my.json: /source: expected a string that is not empty, got \"\"");
  file["source"] = 3;
  CHECK(complaint(file) == "my.json: /source: expected a string that is not empty, got 3");
  file = file_of(ratio_claim());
  file["claims"] = Json::array();
  CHECK(complaint(file) == "my.json: /claims: expected a list that is not empty, got []");
  file["claims"] = {{"a", 1}};
  CHECK(contains(complaint(file), "my.json: /claims: expected a list"));
  CHECK(complaint(file_of(3)) == "my.json: /claims/0: expected an object, got 3");
}

TEST_CASE("a claim's keys are checked", "[claims]") {
  for (const char* key : {"id", "claim", "claimed", "check", "given"})
    CHECK(contains(complaint_without(ratio_claim(), key),
                   fmt::format("my.json: /claims/0/{}: is missing", key)));
  CHECK(contains(complaint_with(ratio_claim(), "/verdict", "reproduced"), "/claims/0/verdict: unknown key"));
  CHECK(contains(complaint_with(ratio_claim(), "/given", 3), "/claims/0/given: expected an object, got 3"));
  for (const char* id : {"a b", ".a", "-a", "é", "a/b"})
    CHECK(contains(complaint_with(ratio_claim(), "/id", id),
                   "my.json: /claims/0/id: expected up to 100 letters"));
  CHECK(contains(complaint_with(ratio_claim(), "/id", std::string(101, 'a')),
                 "/claims/0/id: expected up to 100"));
  CHECK(contains(complaint_with(ratio_claim(), "/check", "cost_ration"),
                 "my.json: /claims/0/check: expected study_verdict, value, "));
  CHECK(contains(complaint_with(ratio_claim(), "/check", "cost_ration"), "(did you mean \"cost_ratio\"?)"));
}

TEST_CASE("two claims of one id are refused", "[claims]") {
  Json file = file_of(ratio_claim());
  file["claims"].push_back(study_claim());
  file["claims"].push_back(ratio_claim());
  CHECK(complaint(file) ==
        "my.json: /claims/2/id: \"a.b\" is the id of /claims/0 too: give each claim an id of its own");
}

TEST_CASE("what a check is given is checked by its declaration", "[claims]") {
  const auto given = [](const Json& claim, const std::string& key, const Json& value) {
    return complaint_with(claim, "/given/" + key, value);
  };
  const std::string at = "my.json: /claims/0/given/";
  CHECK(given(ratio_claim(), "ratoi", 1) == at + "ratoi: unknown key (did you mean \"ratio\"?)");
  CHECK(given(ratio_claim(), "ratio", 0) == at + "ratio: expected a number above 0, got 0");
  CHECK(given(ratio_claim(), "ratio", "8x") == at + "ratio: expected a number above 0, got \"8x\"");
  CHECK(given(ratio_claim(), "T", 1.5) == at + "T: expected a whole number from 1 to 16777216, got 1.5");
  CHECK(given(ratio_claim(), "T", nullptr) == at + "T: expected a whole number from 1 to 16777216, got null");
  CHECK(contains(given(ratio_claim(), "quantity", "flop"),
                 at + "quantity: expected flops, bytes or parameters"));
  CHECK(contains(given(ratio_claim(), "attention", {"dense", "windw"}),
                 "(did you mean \"window\"?), got [\"dense\""));
  CHECK(given(ratio_claim(), "attention", {"dense"}) ==
        at + "attention: expected two kinds: the ratio is the first one's cost over the second one's");
  CHECK(given(ratio_claim(), "heads", 7) == at + "heads: 7 heads do not divide the width 512");
  CHECK(given(ratio_claim(), "d", 100) == at + "d: 100 is not a multiple of 64: give heads too");
  CHECK(given(ratio_claim(), "quantity", "bytes") ==
        at + "quantity: bytes are counted for dense and mlp_topk, not for window");
  Json missing = ratio_claim();
  missing["given"].erase("ratio");
  CHECK(complaint(file_of(missing)) == at + "ratio: is missing: The ratio claimed");

  Json time = ratio_claim();
  time["check"] = "time_ratio";
  time["given"] = {{"d", 64}, {"T", 16}, {"attention", "dense"}, {"speedup", 2}};
  CHECK(contains(complaint(file_of(time)), at + "attention: expected a kind other than dense"));
  CHECK(given(time, "at_least", "yes") == at + "at_least: expected true or false, got \"yes\"");

  Json widths = ratio_claim();
  widths["check"] = "band_widths";
  widths["given"] = {{"presets", {"long"}}, {"high", 1.4}, {"low", 0.6}, {"shares", {0.2, 0.8}}};
  CHECK(contains(complaint(file_of(widths)), at + "shares: expected three shares"));
  CHECK(contains(given(widths, "shares", {0.2, 2, 0.2}),
                 at + "shares: expected a list, each a number above 0"));
}

TEST_CASE("configs of claims are resolved before anything runs", "[claims]") {
  const auto given = [](const std::string& key, const Json& value) {
    return complaint_with(study_claim(), "/given/" + key, value);
  };
  const std::string at = "my.json: /claims/0/given";
  CHECK(contains(given("preset", "focusd"), at + "/preset: unknown preset (did you mean \"focused\"?)"));
  CHECK(contains(given("set", {"windows.lenght=3"}),
                 at + ": --set windows.lenght=3: unknown key (did you mean \"length\"?)"));
  CHECK(contains(given("set", "a=b"), at + "/set: expected a list of strings"));
  CHECK(contains(given("config", "none.json"), at + "/config: none.json: cannot be read"));
  CHECK(contains(given("config", 3),
                 at + "/config: expected the settings of a config, or the path of its file"));
  CHECK(contains(given("config", {{"windows", {{"lenght", 3}}}}),
                 at + "/config/windows/lenght: unknown key (did you mean \"length\"?)"));
  CHECK(contains(given("config", {{"published", {{"bandz", 3}}}}),
                 at + "/config/published/bandz: unknown key"));
  CHECK(contains(given("config", {{"source", {{"tokens", 20}}}}), "a window of 16 tokens"));
  CHECK(contains(given("arm", "bespok"), at + "/arm: expected bespoke (did you mean \"bespoke\"?)"));
  CHECK(contains(given("arm", "standard"), at + "/arm: expected bespoke"));  // the baseline
  CHECK(contains(given("set", {R"(study.arms=["standard"])"}), at + "/arm: the study has one arm"));
  Json none = study_claim();
  none["given"].erase("preset");
  CHECK(complaint(file_of(none)) == at + ": a preset or a config is missing");
  Json least = study_claim();
  least["given"].update({{"verdict", "equivalent"}, {"least", 0.1}});
  CHECK(contains(complaint(file_of(least)), at + "/least: equivalent has the margin of the config"));

  Json value = study_claim();
  value["check"] = "value";
  value["given"] = {{"preset", "focused"}, {"arm", "bespoke"}, {"field", "mean_loss"}, {"value", 3}};
  CHECK(contains(complaint(file_of(value)),
                 at + "/tolerance: give tolerance or relative_tolerance, one of them"));
  value["given"]["field"] = "los";
  CHECK(contains(complaint(file_of(value)), at + "/field: expected mean_loss, mean_excess, "));

  Json ratio = study_claim();
  ratio["check"] = "arm_ratio";
  ratio["given"] = {{"preset", "focused"}, {"arms", {"bespoke", "tied"}}, {"ratio", 2}};
  CHECK(contains(complaint(file_of(ratio)), at + "/arms/1: expected standard or bespoke"));
  ratio["given"]["arms"] = {"bespoke"};
  CHECK(contains(complaint(file_of(ratio)), at + "/arms: expected two arms"));
}

TEST_CASE("every problem of a file is told", "[claims]") {
  Json file = file_of(ratio_claim());
  file.erase("title");
  file["claims"][0]["given"]["ratio"] = 0;
  file["claims"].push_back(study_claim());
  file["claims"][1]["given"]["arm"] = "x";
  const std::string all = complaint(file);
  for (const char* where : {"/title", "/claims/0/given/ratio", "/claims/1/given/arm"})
    CHECK(contains(all, where));
}

TEST_CASE("the schema of claims files describes every check and each of its settings", "[claims]") {
  const Json schema = claims_schema();
  CHECK(schema["additionalProperties"] == false);
  CHECK(schema["required"] == Json{"title", "source", "claims"});
  const Json& claim = schema["properties"]["claims"]["items"];
  CHECK(claim["required"] == Json{"id", "claim", "claimed", "check", "given"});
  REQUIRE(claim["allOf"].size() == checks().size());
  REQUIRE(claim["properties"]["check"]["enum"].size() == checks().size());
  for (size_t i = 0; i < checks().size(); ++i) {
    const CheckDescription& check = *checks()[i];
    CAPTURE(check.name);
    CHECK(claim["properties"]["check"]["enum"][i] == check.name);
    CHECK(claim["allOf"][i]["if"]["properties"]["check"]["const"] == check.name);
    const Json& given = claim["allOf"][i]["then"]["properties"]["given"];
    CHECK(given["additionalProperties"] == false);
    for (const Member* member : given_members(check)) {
      CAPTURE(member->name);
      const Json& property = given["properties"][member->name];
      CHECK(property["description"].get<std::string>().size() > 3);
      const bool required =
          given["required"].dump().find('"' + std::string(member->name) + '"') != std::string::npos;
      CHECK(required == (member->initial == nullptr));
    }
  }
}

TEST_CASE("initial values of settings are values that the settings may have", "[claims]") {
  for (const CheckDescription* check : checks()) {
    const Members members = given_members(*check);
    const Json filled = with_initial_values(Json::object(), members);
    for (const Member* member : members) {
      CAPTURE(check->name, member->name);
      if (!filled.contains(member->name) || filled[member->name].is_null()) continue;
      const Json one = {{member->name, filled[member->name]}};
      std::vector<Problem> problems;
      check_members(JsonValue(one, ""), {member}, problems);
      CHECK(problems.empty());
    }
  }
}
