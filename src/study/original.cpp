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

}  // namespace

bool is_originals_source(const Config& config) {
  const Json document = write_config(config);
  bool borrowed = false;
  for (const Preset& preset : presets()) {
    const Json original = resolve({preset.name, "", {}, {}}).document;
    for (const char* section : {"seed_criteria", "published_result"}) {
      if (!says_something(document[section]) || document[section] != original[section]) continue;
      if (document["source"] == original["source"]) return true;
      borrowed = true;
    }
  }
  return !borrowed;
}

}  // namespace ate
