#include "catch.h"
#include "config/leaves.h"
#include "config/resolve.h"

using namespace ate;
using namespace ate::testing;

TEST_CASE("the schema describes every setting, with its default", "[config]") {
  const Json schema = config_schema();
  for (const auto& [pointer, value] : leaves_of(Config())) {
    CAPTURE(pointer);
    const Json property = property_of(schema, pointer);
    REQUIRE(property.is_object());
    CHECK(property.value("description", "").size() > 3);
    REQUIRE(property.contains("default"));
    CHECK(property["default"] == value);
  }
}

TEST_CASE("the schema knows no setting that a config has not", "[config]") {
  const Json document = write_config(Config());
  const Json schema = config_schema();
  for (const auto& [section, property] : schema["properties"].items()) {
    if (section == "$schema" || section == "extends" || section == "published") continue;
    REQUIRE(document.contains(section));
    if (!property.contains("properties")) continue;
    for (const auto& [name, inner] : property["properties"].items()) {
      CAPTURE(section, name);
      CHECK(document[section].contains(name));
    }
  }
}

TEST_CASE("the schema refuses unknown keys at every level", "[config]") {
  const Json schema = config_schema();
  CHECK(schema["additionalProperties"] == false);
  CHECK(schema["properties"]["published"]["additionalProperties"] == false);
  CHECK(schema["properties"]["body"]["additionalProperties"] == false);
  CHECK(property_of(schema, "/published/body")["additionalProperties"] == false);
}

TEST_CASE("the published overlay has every setting but the mode, each by reference", "[config]") {
  const Json schema = config_schema();
  for (const auto& [name, property] : schema["properties"]["published"]["properties"].items()) {
    CAPTURE(name);
    CHECK(property == Json{{"$ref", "#/properties/" + name}});
  }
  for (const auto& [pointer, value] : leaves_of(Config())) {
    CAPTURE(pointer);
    const Json overlaid = property_of(schema, "/published" + pointer);
    CHECK(overlaid == (pointer == "/mode" ? Json() : property_of(schema, pointer)));
  }
}

TEST_CASE("the schema's ranges are those that reading enforces", "[config]") {
  const Json schema = config_schema();
  const auto accepts = [](const std::string& pointer, const Json& value) {
    std::vector<Problem> problems;
    with(Config(), pointer, value, problems);
    return problems.empty();
  };
  int ranges = 0;
  for (const auto& [pointer, value] : leaves_of(Config())) {
    const Json property = property_of(schema, pointer);
    for (const char* key : {"minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum"}) {
      if (!property.contains(key)) continue;
      CAPTURE(pointer, key);
      const auto limit = property[key].get<double>();
      const bool open = std::string(key).rfind("exclusive", 0) == 0;
      const double outward = std::string(key).find("inimum") != std::string::npos ? -1 : 1;
      CHECK(accepts(pointer, limit) == !open);
      CHECK(!accepts(pointer, limit + outward));
      ++ranges;
    }
  }
  CHECK(ranges >= 40);
}

TEST_CASE("the schema's types are those of JSON, with null where a setting can be unset", "[config]") {
  const Json schema = config_schema();
  CHECK(property_of(schema, "/source/vocabulary")["type"] == "integer");
  CHECK(property_of(schema, "/source/exponent")["type"] == "number");
  CHECK(property_of(schema, "/body/causal")["type"] == "boolean");
  CHECK(property_of(schema, "/name")["type"] == "string");
  CHECK(property_of(schema, "/seed_criteria/loss_ratio_below")["type"] == Json{"number", "null"});
  CHECK(property_of(schema, "/seed_criteria/both_improve")["type"] == Json{"boolean", "null"});
  CHECK(property_of(schema, "/bands/rule")["enum"] == Json{"rank_count", "rank_share", "cumulative_share"});
  CHECK(property_of(schema, "/study/arms")["items"]["oneOf"][0]["enum"] ==
        Json{"standard", "tied", "bespoke", "reversed", "random_band", "uniform_projected", "param_matched",
             "factorised", "mixed_dim", "allocated", "adaptive", "aa", "known_worse"});
}

TEST_CASE("the schema's title and draft are those that editors look for", "[config]") {
  const Json schema = config_schema();
  CHECK(schema["$schema"] == "https://json-schema.org/draft/2020-12/schema");
  CHECK(schema["type"] == "object");
}
