#include "support/json.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "catch.h"
#include "helpers/errors.h"

using namespace ate;
using namespace ate::testing;
using namespace std::string_literals;

namespace {

using Json = nlohmann::ordered_json;

std::string nested(size_t levels, const std::string& open = "[", const std::string& close = "]") {
  std::string text;
  for (size_t i = 0; i < levels; ++i) text += open;
  text += "1";
  for (size_t i = 0; i < levels; ++i) text += close;
  return text;
}

// The problems of a text, a line each.
std::string problems_in(const std::string& text) {
  std::vector<Problem> problems;
  (void)parse_json(text, "f", problems);
  std::string lines;
  for (const Problem& problem : problems) lines += (lines.empty() ? "" : "\n") + problem.text();
  return lines;
}

const Json kDocument = {{"name", "x"},
                        {"count", 3},
                        {"share", 0.5},
                        {"on", true},
                        {"none", nullptr},
                        {"list", {1, "two"}},
                        {"in", {{"a/b", {{"~", 1}}}}}};

// What is said of a value of kDocument that `read` takes for something else.
template <class Read>
std::string misfit(Read read) {
  return complaint_of<Failure>([&] { read(JsonValue(kDocument, "f.json")); });
}

}  // namespace

TEST_CASE("a text becomes the document that the library reads", "[support]") {
  for (
      const std::string& text :
      {R"({"a": [1, -2, 2.5, 18446744073709551615, true, false, null, "x\né"], "b": {}, "c": [], "a2": {"d": [{}]}})"s,
       R"(3)"s, R"("x")"s, R"( [1] )"s, nested(kDeepestJson)}) {
    CAPTURE(text);
    CHECK(problems_in(text).empty());
    CHECK(parse_json(text, "f").dump() == Json::parse(text).dump());
  }
}

TEST_CASE("a document nests as deep as stated, and is told where it goes deeper", "[support]") {
  CHECK(problems_in(nested(kDeepestJson)).empty());
  CHECK(problems_in(nested(kDeepestJson + 1)) == "f:1:101: nested deeper than 100 levels");
  CHECK(problems_in(nested(200'000)) == "f:1:101: nested deeper than 100 levels");
  CHECK(problems_in(nested(200'000, "{\"]\\\"[\":\n", "}")) == "f:101:1: nested deeper than 100 levels");
  // Levels that are closed do not count.
  std::string wide = "[";
  for (int i = 0; i < 1000; ++i) wide += "[[]],";
  CHECK(problems_in(wide + "1]").empty());
  CHECK(typed_value(nested(kDeepestJson + 1)).is_string());
}

TEST_CASE("objects with many keys and long keys in deep ones cost no more than their text", "[support]") {
  std::string text = "{";
  for (int i = 0; i < 200'000; ++i) text += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\":{}";
  const Json document = parse_json(text + "}", "f");
  CHECK(document.size() == 200'000);
  CHECK(document.rbegin().key() == "199999");
  CHECK(problems_in(nested(90, "{\"" + std::string(10'000, 'k') + "\":", "}")).empty());
}

TEST_CASE("a key that an object has twice is told with its path", "[support]") {
  CHECK(problems_in(R"({"a": 1, "a": 2})") == "f: /a: stands twice; keep one");
  CHECK(problems_in(R"({"x": [0, {"p/q": {"b": 1, "b": 2}}], "x": 3})") ==
        "f: /x/1/p~1q/b: stands twice; keep one\nf: /x: stands twice; keep one");
  CHECK(problems_in(R"({"a": {"a": 1}, "b": [{"a": 1}, {"a": 1}]})").empty());
}

TEST_CASE("what is no JSON is told with line and column", "[support]") {
  CHECK(contains(problems_in(""), "f:1:1: not valid JSON: "));
  CHECK(contains(problems_in("{\n  \"a\": 1,\n}"), "f:3:1: not valid JSON: "));
  CHECK(contains(problems_in("[1e999]"), "not usable JSON: number overflow parsing '1e999'"));
  const std::string long_string = problems_in("[\"" + std::string(100'000, 'x') + "\n\"]");
  CHECK(long_string.size() < 300);
  CHECK(complaint_of<Failure>([] { (void)parse_json("[", "f"); }).rfind("f:1:2: not valid JSON", 0) == 0);
}

TEST_CASE("a value typed by a user is JSON where it parses, else text", "[support]") {
  CHECK(typed_value("3e-4") == 3e-4);
  CHECK(typed_value("[1,2]") == Json{1, 2});
  CHECK(typed_value("adam") == "adam");
  CHECK(typed_value("") == "");
  CHECK(typed_value("1e999") == "1e999");
  CHECK(typed_value("nan") == "nan");
}

TEST_CASE("a value that fits is read", "[support]") {
  const JsonValue whole(kDocument, "f.json");
  CHECK(whole.at("name").text() == "x");
  CHECK(whole.at("count").whole() == 3);
  CHECK(whole.at("count").number() == 3);
  CHECK(whole.at("share").number() == 0.5);
  CHECK(whole.at("on").flag());
  CHECK(std::isnan(whole.at("none").number_or_nan()));
  CHECK(!whole.at("none").number_if_any());
  CHECK(whole.at("list").items()[1].text() == "two");
  CHECK(!whole.find("nothing"));
  CHECK(whole.members().size() == kDocument.size());
  const Json texts = {"a", "b"};
  CHECK(JsonValue(texts, "f").texts() == std::vector<std::string>{"a", "b"});
}

TEST_CASE("a value that does not fit is told with file, place and what was expected", "[support]") {
  CHECK(misfit([](const JsonValue& v) { (void)v.at("count").text(); }) ==
        "f.json: /count: expected a string, got 3");
  CHECK(misfit([](const JsonValue& v) { (void)v.at("share").whole(); }) ==
        "f.json: /share: expected a whole number, got 0.5");
  CHECK(misfit([](const JsonValue& v) { (void)v.at("name").number(); }) ==
        "f.json: /name: expected a number, got \"x\"");
  CHECK(misfit([](const JsonValue& v) { (void)v.at("none").number(); }) ==
        "f.json: /none: expected a number, got null");
  CHECK(misfit([](const JsonValue& v) { (void)v.at("on").number_if_any(); }) ==
        "f.json: /on: expected a number or null, got true");
  CHECK(misfit([](const JsonValue& v) { (void)v.at("count").flag(); }) ==
        "f.json: /count: expected true or false, got 3");
  CHECK(misfit([](const JsonValue& v) { (void)v.at("name").items(); }) ==
        "f.json: /name: expected a list, got \"x\"");
  CHECK(misfit([](const JsonValue& v) { (void)v.at("list").texts(); }) ==
        "f.json: /list/0: expected a string, got 1");
  CHECK(misfit([](const JsonValue& v) { (void)v.at("list").at("a"); }) ==
        "f.json: /list: expected an object, got [1,\"two\"]");
  CHECK(misfit([](const JsonValue& v) { (void)v.at("in").at("a/b").at("~").text(); }) ==
        "f.json: /in/a~1b/~0: expected a string, got 1");
  CHECK(misfit([](const JsonValue& v) { (void)v.at("in").at("c"); }) == "f.json: /in/c: is missing");
  CHECK(misfit([](const JsonValue& v) { (void)v.text(); }).rfind("f.json: expected a string, got {", 0) == 0);
  const Json large = 18446744073709551615ULL;
  CHECK(!complaint_of<Failure>([&] { (void)JsonValue(large, "f").whole(); }).empty());
}

TEST_CASE("a long text is cut between two characters", "[support]") {
  CHECK(shortened("abc", 3) == "abc");
  CHECK(shortened("abcdef", 5) == "ab...");
  CHECK(shortened("a\xc3\xa9zzzz", 5) == "a...");
}
