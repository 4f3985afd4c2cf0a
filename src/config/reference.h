// Every setting as people look it up: its path, and what the schema says of it. No LibTorch.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace ate {

struct SettingEntry {
  std::string path;                 // as --set takes it: "optimiser.learning_rate"
  nlohmann::ordered_json property;  // of the JSON Schema: type or enum, bounds, default, description

  // The words that the setting may have; empty where it is no choice of words.
  std::vector<std::string> words() const;
};

// In the order of the schema.
std::vector<SettingEntry> setting_entries();

// The settings as a page of Markdown: docs/reference.md.
std::string settings_reference();

}  // namespace ate
