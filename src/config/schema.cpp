#include <nlohmann/json.hpp>

#include "config/bounds.h"
#include "config/fields.h"
#include "config/json.h"

namespace ate {
namespace {

using Json = nlohmann::ordered_json;

template <class E>
Json enum_names() {
  if constexpr (IsKind<E>) {
    return registered_names<typename E::Description>();
  } else {
    Json names = Json::array();
    for (const auto& [value, name] : EnumNames<E>::values) names.push_back(name);
    return names;
  }
}

template <class T>
constexpr bool is_named = std::is_enum_v<T>;
template <IsKind K>
constexpr bool is_named<K> = true;

Json type_of(const double&) { return {{"type", "number"}}; }
Json type_of(const int64_t&) { return {{"type", "integer"}}; }
Json type_of(const bool&) { return {{"type", "boolean"}}; }
Json type_of(const std::string&) { return {{"type", "string"}}; }
Json type_of(const SeedList&) {
  const Json seed = {{"type", "integer"}, {"minimum", 0}, {"maximum", kLargestSeed}};
  const Json list = {{"type", "array"}, {"items", seed}, {"minItems", 1}, {"uniqueItems", true}};
  return {{"oneOf", Json::array({seed, {{"type", "string"}}, list})}};
}
Json type_of(const Looks&) {
  return {{"type", "array"}, {"items", {{"type", "integer"}, {"minimum", 2}}}, {"uniqueItems", true}};
}
Json type_of(const BlockWidths&) {
  return {{"type", "array"}, {"items", {{"type", "integer"}, {"minimum", 1}, {"maximum", 65536}}}};
}
Json type_of(const std::vector<Arm>&) {
  const Json built_in = {{"enum", registered_names<EmbeddingDescription>()}};
  const Json overlay = {{"type", "object"},
                        {"properties", {{"name", {{"type", "string"}}}, {"set", {{"type", "object"}}}}},
                        {"required", {"name"}},
                        {"additionalProperties", false}};
  return {{"type", "array"},
          {"items", {{"oneOf", Json::array({built_in, overlay})}}},
          {"minItems", 1},
          {"uniqueItems", true}};
}
Json type_of(const TuneAxes&) {
  const Json list = {{"type", "array"}, {"minItems", 2}, {"uniqueItems", true}};
  Json numbers = Json::object();
  for (const char* name : {"from", "to", "points"}) numbers[name] = {{"type", "number"}};
  numbers["scale"] = {{"enum", {"log", "linear"}}};
  const Json range = {{"type", "object"},
                      {"properties", numbers},
                      {"required", {"from", "to", "points"}},
                      {"additionalProperties", false}};
  return {{"type", "object"}, {"additionalProperties", {{"oneOf", Json::array({list, range})}}}};
}
template <class E>
requires is_named<E> Json type_of(const E&) { return {{"enum", enum_names<E>()}}; }
template <class E>
requires is_named<E> Json type_of(const std::vector<E>&) {
  return {{"type", "array"}, {"items", {{"enum", enum_names<E>()}}}, {"minItems", 1}, {"uniqueItems", true}};
}
template <class T>
Json type_of(const std::optional<T>&) {
  Json inner = type_of(T{});
  inner["type"] = {inner["type"], "null"};
  return inner;
}

// Lists the struct's fields as JSON Schema properties; defaults come from the struct as it is given.
struct SchemaWriter {
  Json defaults;
  Json properties = Json::object();

  template <class T>
  void field(const char* name, T& member, std::string_view help) {
    field(name, member, Bounds{}, help);
  }
  template <class T>
  void field(const char* name, T& member, const Bounds& bounds, std::string_view help) {
    Json property = type_of(member);
    property["description"] = std::string(help);
    property["default"] = defaults[name];
    add_bounds(property, bounds);
    properties[name] = std::move(property);
  }
  template <class S>
  void section(const char* name, S& member, std::string_view help) {
    SchemaWriter inner{defaults[name]};
    describe(inner, member);
    properties[name] = {{"type", "object"},
                        {"description", std::string(help)},
                        {"additionalProperties", false},
                        {"properties", std::move(inner.properties)}};
  }
};

}  // namespace

Json config_schema() {
  Config defaults;
  SchemaWriter writer{write_config(defaults)};
  describe(writer, defaults);
  // The overlay holds the same settings: it refers to them, so that each is described once.
  Json changeable = Json::object();
  for (const auto& [name, property] : writer.properties.items())
    if (name != "mode") changeable[name] = {{"$ref", "#/properties/" + name}};
  Json overlay = {{"type", "object"},
                  {"description", "What this file changes when mode is published"},
                  {"additionalProperties", false},
                  {"properties", std::move(changeable)}};
  Json properties = {
      {"$schema", {{"type", "string"}}},
      {"extends",
       {{"type", "string"},
        {"description", "A preset, or a file by its path from this one: its settings lie under these"}}}};
  properties.update(writer.properties);
  properties["published"] = std::move(overlay);
  return {{"$schema", "https://json-schema.org/draft/2020-12/schema"},
          {"title", "ate config"},
          {"type", "object"},
          {"additionalProperties", false},
          {"properties", std::move(properties)}};
}

}  // namespace ate
