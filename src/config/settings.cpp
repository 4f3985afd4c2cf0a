#include "config/settings.h"

#include <algorithm>

namespace ate {
namespace {

using Json = nlohmann::ordered_json;

// The setting that a leaf belongs to: a list is one setting, and so are the axes of tuning, whose keys are paths.
std::string setting_at(const Json& document, const std::string& leaf) {
  for (size_t end = leaf.find('/', 1); end != std::string::npos; end = leaf.find('/', end + 1)) {
    const std::string pointer = leaf.substr(0, end);
    if (pointer == "/study/tune/axes" || document.at(Json::json_pointer(pointer)).is_array()) return pointer;
  }
  return leaf;
}

}  // namespace

std::map<std::string, Json> settings_of(const Json& document) {
  std::map<std::string, Json> settings;
  const Json leaves = document.flatten();
  for (const auto& [leaf, value] : leaves.items()) {
    const std::string pointer = setting_at(document, leaf);
    settings[pointer] = document.at(Json::json_pointer(pointer));
  }
  return settings;
}

std::string set_path(std::string pointer) {
  pointer.erase(0, 1);
  std::replace(pointer.begin(), pointer.end(), '/', '.');
  return pointer;
}

std::vector<SettingDifference> differing_settings(const Json& left, const Json& right) {
  const std::map<std::string, Json> others = settings_of(right);
  std::vector<SettingDifference> differences;
  for (const auto& [pointer, value] : settings_of(left))
    if (others.at(pointer) != value) differences.push_back({set_path(pointer), value, others.at(pointer)});
  return differences;
}

}  // namespace ate
