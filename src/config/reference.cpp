#include "config/reference.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>

#include "config/json.h"

namespace ate {
namespace {

using Json = nlohmann::ordered_json;

bool is_section(const Json& property) {
  return property.value("type", Json()) == "object" && property.contains("properties");
}

void add_entries(const Json& properties, const std::string& before, std::vector<SettingEntry>& entries) {
  for (const auto& [name, property] : properties.items()) {
    if (is_section(property))
      add_entries(property["properties"], before + name + ".", entries);
    else if (property.contains("default"))  // not $schema and extends, which are of the file
      entries.push_back({before + name, property});
  }
}

Json settings_of_schema() {
  Json properties = config_schema()["properties"];
  properties.erase("published");  // the same settings once more
  return properties;
}

std::string number(const Json& value) {
  const double real = value.get<double>();
  return real == std::floor(real) && std::abs(real) < 1e15 ? Json(static_cast<int64_t>(real)).dump()
                                                           : value.dump();
}

// "1 to 64", "above 0", "0 or more, below 1"; "" where every number goes.
std::string range(const Json& property) {
  std::vector<std::string> parts;
  const bool both = property.contains("minimum") && property.contains("maximum");
  if (both) return number(property["minimum"]) + " to " + number(property["maximum"]);
  if (property.contains("minimum")) parts.push_back(number(property["minimum"]) + " or more");
  if (property.contains("exclusiveMinimum")) parts.push_back("above " + number(property["exclusiveMinimum"]));
  if (property.contains("maximum")) parts.push_back("at most " + number(property["maximum"]));
  if (property.contains("exclusiveMaximum")) parts.push_back("below " + number(property["exclusiveMaximum"]));
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::string type_name(const Json& type) {
  if (type == "integer") return "whole number";
  if (type == "boolean") return "true or false";
  return type == "array" ? "list" : type.get<std::string>();
}

// "number, above 0", "one of `post`, `pre`".
std::string values_of(const SettingEntry& entry) {
  const Json& property = entry.property;
  const std::vector<std::string> words = entry.words();
  if (!words.empty()) return fmt::format("one of `{}`", fmt::join(words, "`, `"));
  if (property.contains("oneOf")) return "whole number, text or list";
  const Json& type = property["type"];
  std::string out = type.is_array() ? type_name(type[0]) + " or null" : type_name(type);
  if (property.contains("items") && property["items"].contains("enum"))
    out +=
        fmt::format(" of `{}`", fmt::join(property["items"]["enum"].get<std::vector<std::string>>(), "`, `"));
  const std::string numbers = range(property);
  return numbers.empty() ? out : out + ", " + numbers;
}

// In a cell of a table.
std::string cell(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '|' || c == '*' || c == '<') out += '\\';
    out += c;
  }
  return out;
}

void write_rows(const Json& properties, const std::string& before, std::string& page) {
  page += "| setting | default | values | what it does |\n|---|---|---|---|\n";
  std::vector<SettingEntry> entries;
  for (const auto& [name, property] : properties.items())
    if (!is_section(property)) add_entries({{name, property}}, before, entries);
  for (const SettingEntry& entry : entries)
    page += fmt::format("| `{}` | `{}` | {} | {} |\n", entry.path, entry.property["default"].dump(),
                        values_of(entry), cell(entry.property["description"]));
}

void write_sections(const Json& properties, const std::string& before, std::string& page) {
  for (const auto& [name, property] : properties.items()) {
    if (!is_section(property)) continue;
    page += fmt::format("\n## {}\n\n{}.\n\n", before + name, std::string(property["description"]));
    write_rows(property["properties"], before + name + ".", page);
    write_sections(property["properties"], before + name + ".", page);
  }
}

}  // namespace

std::vector<std::string> SettingEntry::words() const {
  if (property.value("type", Json()) == "boolean") return {"true", "false"};
  return property.contains("enum") ? property["enum"].get<std::vector<std::string>>()
                                   : std::vector<std::string>{};
}

std::vector<SettingEntry> setting_entries() {
  std::vector<SettingEntry> entries;
  add_entries(settings_of_schema(), "", entries);
  return entries;
}

std::string settings_reference() {
  const Json properties = settings_of_schema();
  std::string page =
      "# Settings\n\n"
      "<!-- Written by `ate config reference`; a test holds it against the program. -->\n\n"
      "Every setting of a config, with its default and range. In a file each section is an object:\n"
      "`{\"optimiser\": {\"learning_rate\": 0.001}}`; on the command line the path names it: `--set\n"
      "optimiser.learning_rate=0.001`. A file may also have `extends`, a preset or another file whose "
      "settings lie under\n"
      "these, and `published`, what it changes in that mode. `ate config show` prints the settings of a "
      "preset with the\n"
      "origin of each; `configs/schema.json` says the same to editors.\n\n";
  write_rows(properties, "", page);
  write_sections(properties, "", page);
  return page;
}

}  // namespace ate
