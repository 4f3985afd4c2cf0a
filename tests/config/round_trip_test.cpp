#include <set>

#include "catch.h"
#include "config/enum_names.h"
#include "config/leaves.h"
#include "config/resolve.h"
#include "helpers/preset_choice.h"

using namespace ate;
using namespace ate::testing;

namespace {

// Reads what was written into a config that has all defaults.
Config read_back(const Json& document) {
  Config config;
  std::vector<Problem> problems;
  read_config(document, config, problems);
  for (const Problem& problem : problems) FAIL_CHECK(problem.text());
  return config;
}

template <IsKind K>
void check_names() {
  std::set<std::string> names;
  for (const auto* kind : registered<typename K::Description>()) {
    CHECK(enum_name(K(kind->name)) == kind->name);
    CHECK(std::string(kind->help).size() > 5);
    names.insert(kind->name);
  }
  CHECK(names.size() == registered<typename K::Description>().size());
}

template <class E>
requires std::is_enum_v<E>
void check_names() {
  std::set<std::string> names;
  for (const auto& [value, name] : EnumNames<E>::values) {
    CHECK(std::string(enum_name(value)) == name);
    names.insert(name);
  }
  CHECK(names.size() == EnumNames<E>::values.size());
}

}  // namespace

TEST_CASE("every preset in both modes is written and read back the same", "[config]") {
  const PresetChoice choice;
  for (const Preset& preset : presets())
    for (const char* mode : {"corrected", "published"}) {
      CAPTURE(preset.name, mode);
      const Resolved resolved = resolve(choice(preset.name, mode));
      CHECK(resolved.document == write_config(resolved.config));
      CHECK(write_config(read_back(resolved.document)) == resolved.document);
      // As text too: numbers keep all their digits.
      CHECK(write_config(read_back(Json::parse(resolved.document.dump()))) == resolved.document);
    }
}

TEST_CASE("every setting survives writing and reading at another value than its default", "[config]") {
  Json document = write_config(Config());
  for (const auto& [pointer, value] : leaves_of(Config()))
    document[Json::json_pointer(pointer)] = another_value(pointer, value);
  const Json written = write_config(read_back(document));
  for (const auto& [pointer, value] : leaves_of(Config())) {
    CAPTURE(pointer);
    const Json::json_pointer where(pointer);
    CHECK(written[where] == document[where]);
    if (pointer != "/source/kind") CHECK(written[where] != value);  // the test is about something
  }
}

TEST_CASE("changing one setting changes that one and no other", "[config]") {
  const std::map<std::string, Json> defaults = leaves_of(Config());
  for (const auto& [pointer, value] : defaults) {
    CAPTURE(pointer);
    std::vector<Problem> problems;
    const Config changed = with(Config(), pointer, another_value(pointer, value), problems);
    CHECK(problems.empty());
    std::map<std::string, Json> leaves = leaves_of(changed);
    CHECK(leaves[pointer] == another_value(pointer, value));
    leaves[pointer] = value;
    CHECK(leaves == defaults);
  }
}

TEST_CASE("the names of every enumeration are distinct and found by value", "[config]") {
  check_names<Mode>();
  check_names<SourceKind>();
  check_names<BandRule>();
  check_names<CountedOver>();
  check_names<Unseen>();
  check_names<Tables>();
  check_names<BodyKind>();
  check_names<Positions>();
  check_names<Norm>();
  check_names<Activation>();
  check_names<AttentionKind>();
  check_names<Procedure>();
  check_names<Init>();
  check_names<OptimiserKind>();
  check_names<Decay>();
  check_names<EvaluationWindows>();
  check_names<EmbeddingKind>();
}

TEST_CASE("every name of every enumeration is read and written back", "[config]") {
  const Json schema = config_schema();
  int names = 0;
  for (const auto& [pointer, value] : leaves_of(Config())) {
    const Json property = property_of(schema, pointer);
    if (!property.contains("enum")) continue;
    for (const Json& name : property["enum"]) {
      CAPTURE(pointer, name);
      std::vector<Problem> problems;
      CHECK(write_config(with(Config(), pointer, name, problems))[Json::json_pointer(pointer)] == name);
      CHECK(problems.empty());
      ++names;
    }
  }
  CHECK(names >= 24);
}
