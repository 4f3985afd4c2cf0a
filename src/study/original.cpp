#include "study/original.h"

#include <algorithm>

#include "config/json.h"
#include "config/resolve.h"

namespace ate {
namespace {

using Json = nlohmann::ordered_json;

bool says_something(const Json& section) {
  return std::any_of(section.begin(), section.end(), [](const Json& value) { return !value.is_null(); });
}

// Whether a config has all that the section of a preset sets.
bool holds(const Json& config, const Json& section) {
  return std::all_of(section.items().begin(), section.items().end(), [&](const auto& setting) {
    return config.contains(setting.key()) && config[setting.key()] == setting.value();
  });
}

}  // namespace

bool is_originals_source(const Config& config) {
  const Json document = write_config(config);
  bool borrowed = false;
  for (const Preset& preset : presets()) {
    const Json original = Json::parse(preset.text);
    for (const char* section : {"seed_criteria", "published_result"}) {
      const Json printed = original.value(section, Json::object());
      if (!says_something(printed) || !holds(document[section], printed)) continue;
      if (holds(document["source"], original["source"])) return true;
      borrowed = true;
    }
  }
  return !borrowed;
}

}  // namespace ate
