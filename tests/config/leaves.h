// The settings of a config one by one, so that a test can say something about all of them, also those added
// later.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <string>

#include "config/json.h"

namespace ate::testing {

using Json = nlohmann::ordered_json;

// JSON pointer -> value of every setting; a list is one setting, and so are the axes of tuning.
inline void collect_leaves(const Json& document, const std::string& pointer,
                           std::map<std::string, Json>& leaves) {
  if (!document.is_object() || pointer == "/study/tune/axes") {
    leaves[pointer] = document;
    return;
  }
  for (const auto& [key, value] : document.items()) collect_leaves(value, pointer + "/" + key, leaves);
}
inline std::map<std::string, Json> leaves_of(const Config& config) {
  std::map<std::string, Json> leaves;
  collect_leaves(write_config(config), "", leaves);
  return leaves;
}

// `part` of the schema, or what it refers to.
inline const Json* follow_ref(const Json& schema, const Json* part) {
  while (part->contains("$ref"))
    part = &schema.at(Json::json_pointer((*part)["$ref"].get<std::string>().substr(1)));  // "#/..."
  return part;
}

// What the schema says about the setting at `pointer`; null when it says nothing.
inline Json property_of(const Json& schema, const std::string& pointer) {
  const Json* property = &schema;
  for (size_t begin = 1; begin <= pointer.size();) {
    const size_t end = std::min(pointer.find('/', begin), pointer.size());
    const std::string key = pointer.substr(begin, end - begin);
    if (!property->contains("properties") || !(*property)["properties"].contains(key)) return nullptr;
    property = follow_ref(schema, &(*property)["properties"][key]);
    begin = end + 1;
  }
  return *property;
}

// A valid value of the setting that is not `value`; `value` itself where there is no other (one kind of
// source).
inline Json another_value(const std::string& pointer, const Json& value) {
  if (pointer == "/device") return value == "cpu" ? "cuda" : "cpu";
  if (pointer == "/study/seeds") return "7,9,100..102";
  if (pointer == "/study/arms") return value.size() > 1 ? Json{"standard"} : Json{"standard", "bespoke"};
  if (pointer == "/study/looks") return value.empty() ? Json{10, 20} : Json::array();
  if (pointer == "/study/tune/axes")
    return value.empty() ? Json{{"body.dropout", {0.1, 0.2}}} : Json(Json::object());
  if (pointer == "/embedding/widths") return value.empty() ? Json{8, 4} : Json::array();
  if (pointer == "/study/tune/seeds") return "50..52";
  if (pointer == "/train/kinds") return value.size() > 1 ? Json{"window"} : Json{"window", "block_topk"};
  const Json property = property_of(config_schema(), pointer);
  if (property.contains("enum")) {
    for (const Json& name : property["enum"])
      if (name != value) return name;
    return value;
  }
  const std::string type = property["type"].is_array() ? property["type"][0] : property["type"];
  if (type == "boolean") return value.is_null() ? Json(true) : Json(!value.get<bool>());
  if (type == "string") return value.get<std::string>() + "-altered";
  if (type == "integer") return value.is_null() ? Json(3) : Json(value.get<int64_t>() + 1);
  return value.is_null() ? Json(0.5) : Json(value.get<double>() * 0.75 + 0.01);
}

// `config` with one setting changed; its problems must stay empty.
inline Config with(const Config& config, const std::string& pointer, const Json& value,
                   std::vector<Problem>& problems) {
  Json document = write_config(config);
  document[Json::json_pointer(pointer)] = value;
  Config changed;
  read_config(document, changed, problems);
  return changed;
}

}  // namespace ate::testing
