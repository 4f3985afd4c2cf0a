#include "config/settings.h"

#include <algorithm>

namespace ate {
namespace {

using Json = nlohmann::ordered_json;

// The last part of a JSON pointer is a list's index: the list is one setting.
bool is_list_element(const Json& document, const std::string& pointer) {
  const Json::json_pointer parent = Json::json_pointer(pointer).parent_pointer();
  return document.at(parent).is_array();
}

}  // namespace

std::map<std::string, Json> settings_of(const Json& document) {
  std::map<std::string, Json> settings;
  const Json leaves = document.flatten();
  for (const auto& [pointer, value] : leaves.items()) {
    const std::string key = is_list_element(document, pointer)
                                ? Json::json_pointer(pointer).parent_pointer().to_string()
                                : pointer;
    settings[key] = document.at(Json::json_pointer(key));
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
