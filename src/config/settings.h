// A config document as a list of settings, and where two of them differ.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace ate {

// JSON pointer -> value; a list is one setting. `document`: as write_config gives it.
std::map<std::string, nlohmann::ordered_json> settings_of(const nlohmann::ordered_json& document);

// "/optimiser/learning_rate" as --set takes it: "optimiser.learning_rate".
std::string set_path(std::string pointer);

struct SettingDifference {
  std::string setting;  // as --set takes it
  nlohmann::ordered_json left;
  nlohmann::ordered_json right;
};

// Both documents as write_config gives them.
std::vector<SettingDifference> differing_settings(const nlohmann::ordered_json& left,
                                                  const nlohmann::ordered_json& right);

}  // namespace ate
