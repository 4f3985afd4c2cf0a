#include <nlohmann/json.hpp>

#include "catch.h"
#include "config/json.h"
#include "helpers/errors.h"

using namespace ate;
using namespace ate::testing;

namespace {

using Lines = std::vector<std::string>;

// The problems of a document, each as one line.
Lines problems_in(const char* text, Config* out = nullptr) {
  Config config;
  std::vector<Problem> problems;
  read_config(nlohmann::ordered_json::parse(text), config, problems);
  if (out != nullptr) *out = config;
  Lines lines;
  for (const Problem& problem : problems) lines.push_back(problem.text());
  return lines;
}

std::string problem_in(const char* text) {
  const Lines lines = problems_in(text);
  REQUIRE(lines.size() == 1);
  return lines[0];
}

}  // namespace

TEST_CASE("an empty document changes nothing", "[config]") {
  Config config;
  CHECK(problems_in("{}", &config).empty());
  CHECK(write_config(config) == write_config(Config()));
}

TEST_CASE("a document sets what it names and nothing else", "[config]") {
  Config config;
  CHECK(problems_in(R"({"schedule": {"epochs": 3}, "body": {"kind": "encoder"}})", &config).empty());
  CHECK(config.schedule.epochs == 3);
  CHECK(config.body.kind == BodyKind::encoder);
  config.schedule.epochs = Config().schedule.epochs;
  config.body.kind = Config().body.kind;
  CHECK(write_config(config) == write_config(Config()));
}

TEST_CASE("an unknown key is told with its path and the nearest name", "[config]") {
  CHECK(problem_in(R"({"optimiser": {"lerning_rate": 1e-3}})") ==
        "/optimiser/lerning_rate: unknown key (did you mean \"learning_rate\"?)");
  CHECK(problem_in(R"({"optimizer": {}})") == "/optimizer: unknown key (did you mean \"optimiser\"?)");
  CHECK(problem_in(R"({"zzz": 1})") == "/zzz: unknown key");
  // A name of another section is unknown here.
  CHECK(contains(problem_in(R"({"epochs": 3})"), "/epochs: unknown key"));
}

TEST_CASE("a wrong type is told with what was expected and what was given", "[config]") {
  CHECK(problem_in(R"({"source": 3})") == "/source: expected an object, got 3");
  CHECK(problem_in(R"({"name": 3})") == "/name: expected a string, got 3");
  CHECK(problem_in(R"({"body": {"causal": 1}})") == "/body/causal: expected true or false, got 1");
  CHECK(
      contains(problem_in(R"({"schedule": {"epochs": "3"}})"), "/schedule/epochs: expected a whole number"));
  CHECK(contains(problem_in(R"({"schedule": {"epochs": true}})"), "got true"));
  CHECK(contains(problem_in(R"({"source": {"exponent": null}})"), "/source/exponent: expected a number"));
  CHECK(contains(problem_in(R"({"body": {"kind": 3}})"), "/body/kind: expected bag or encoder, got 3"));
  CHECK(contains(problem_in("[1, 2]"), "expected an object, got [1,2]"));
}

TEST_CASE("a value out of range names the range, ends included or not", "[config]") {
  CHECK(problem_in(R"({"schedule": {"epochs": 0}})") ==
        "/schedule/epochs: expected a whole number from 1 to 1000000000, got 0");
  CHECK(problem_in(R"({"optimiser": {"learning_rate": 0}})") ==
        "/optimiser/learning_rate: expected a number above 0, got 0");
  CHECK(problem_in(R"({"body": {"dropout": 1}})") ==
        "/body/dropout: expected a number of at least 0 and below 1, got 1");
  CHECK(problem_in(R"({"source": {"train_share": 1}})") ==
        "/source/train_share: expected a number above 0 and below 1, got 1");
  CHECK(problem_in(R"({"bands": {"high": -1}})") == "/bands/high: expected a number of at least 0, got -1");
  CHECK(problem_in(R"({"embedding": {"low": 0.0001}})") ==
        "/embedding/low: expected a number from 0.001 to 1000, got 0.0001");
  CHECK(problems_in(
            R"({"body": {"dropout": 0}, "schedule": {"epochs": 1}, "source": {"vocabulary": 16777216}})")
            .empty());
  CHECK(problems_in(R"({"source": {"vocabulary": 16777217}})").size() == 1);
  CHECK(problems_in(R"({"schedule": {"epochs": 1e300}})").size() == 1);
}

TEST_CASE("whole numbers may be written as people write them, fractions are refused", "[config]") {
  Config config;
  CHECK(problems_in(R"({"source": {"tokens": 1e5}, "schedule": {"epochs": 7.0}})", &config).empty());
  CHECK(config.source.tokens == 100'000);
  CHECK(config.schedule.epochs == 7);
  CHECK(contains(problem_in(R"({"schedule": {"epochs": 1.5}})"), "got 1.5"));
}

TEST_CASE("a misspelt name of an enumeration gets the alternatives and the nearest", "[config]") {
  CHECK(
      problem_in(R"({"bands": {"rule": "rank_shar"}})") ==
      "/bands/rule: expected rank_count, rank_share or cumulative_share (did you mean \"rank_share\"?), got "
      "\"rank_shar\"");
}

TEST_CASE("unset is null, where a setting can be unset", "[config]") {
  Config config;
  CHECK(
      problems_in(R"({"seed_criteria": {"loss_ratio_below": 0.9, "both_improve": true}})", &config).empty());
  CHECK(config.seed_criteria.loss_ratio_below == 0.9);
  std::vector<Problem> problems;
  read_config(nlohmann::ordered_json::parse(R"({"seed_criteria": {"loss_ratio_below": null}})"), config,
              problems);
  CHECK(problems.empty());
  CHECK(!config.seed_criteria.loss_ratio_below);
  CHECK(config.seed_criteria.both_improve == true);
  CHECK(contains(problem_in(R"({"seed_criteria": {"loss_ratio_below": 0}})"), "above 0 or null"));
}

TEST_CASE("lists of arms are checked name by name", "[config]") {
  Config config;
  CHECK(problems_in(R"({"study": {"arms": ["bespoke", "standard"]}})", &config).empty());
  CHECK((config.study.arms == std::vector<Arm>{Arm::bespoke, Arm::standard}));
  CHECK(contains(problem_in(R"({"study": {"arms": []}})"), "at least one"));
  CHECK(contains(problem_in(R"({"study": {"arms": "standard"}})"), "a list"));
  CHECK(contains(problem_in(R"({"study": {"arms": ["standard", "standard"]}})"),
                 "two arms of the name standard"));
  CHECK(contains(problem_in(R"({"study": {"arms": ["standrad"]}})"), "did you mean \"standard\"?"));
}

TEST_CASE("seeds come as text, as a list or as one number", "[config]") {
  Config config;
  CHECK(problems_in(R"({"study": {"seeds": "0..2,7"}})", &config).empty());
  CHECK(config.study.seeds == SeedList{0, 1, 2, 7});
  CHECK(problems_in(R"({"study": {"seeds": [5, 4]}})", &config).empty());
  CHECK(config.study.seeds == SeedList{5, 4});
  CHECK(problems_in(R"({"study": {"seeds": 12}})", &config).empty());
  CHECK(config.study.seeds == SeedList{12});
  for (const char* bad :
       {"[1, 1]", "[]", "[1.5]", "[\"1\"]", "-1", "4294967296", "1.5", "true", "\"2..1\"", "{}"}) {
    CAPTURE(bad);
    CHECK(problems_in((std::string(R"({"study": {"seeds": )") + bad + "}}").c_str(), &config).size() == 1);
    CHECK(config.study.seeds == Config().study.seeds);
  }
  CHECK(contains(problem_in(R"({"study": {"seeds": [1, 1]}})"), "seed 1 is listed twice"));
}

TEST_CASE("several problems are all told, in the order of the settings, and nothing of them is set",
          "[config]") {
  Config config;
  const Lines lines = problems_in(
      R"({"body": {"layers": 0, "widht": 3}, "source": {"tokens": 1, "exponent": "x"}, "nonsense": 1})",
      &config);
  REQUIRE(lines.size() == 5);
  CHECK(contains(lines[0], "/source/exponent: "));
  CHECK(contains(lines[1], "/source/tokens: "));
  CHECK(contains(lines[2], "/body/layers: "));
  CHECK(contains(lines[3], "/body/widht: "));
  CHECK(contains(lines[4], "/nonsense: "));
  CHECK(write_config(config) == write_config(Config()));
}

TEST_CASE("a long value is shortened in the message", "[config]") {
  const std::string text = R"({"schedule": {"epochs": ")" + std::string(500, 'x') + "\"}}";
  const std::string line = problem_in(text.c_str());
  CHECK(line.size() < 200);
  CHECK(contains(line, "xxx..."));
}
