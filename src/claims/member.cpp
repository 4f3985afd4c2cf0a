#include "claims/member.h"

#include <algorithm>
#include <cmath>

#include "config/bounds.h"
#include "support/names.h"

namespace ate {
namespace {

using Json = nlohmann::ordered_json;

bool fits_number(const Json& value, const Bounds& bounds) {
  return value.is_number() && holds(bounds, value.get<double>());
}

bool fits_text(const Json& value) { return value.is_string() && !value.get<std::string>().empty(); }

// What was expected of a text when it does not fit, "" when it does.
std::string expected_text(const Json& value, const Member& member) {
  if (member.words == nullptr) return fits_text(value) ? "" : "a string that is not empty";
  const std::vector<std::string> words = member.words();
  if (value.is_string() && std::find(words.begin(), words.end(), value.get<std::string>()) != words.end())
    return "";
  return either(words) + (value.is_string() ? did_you_mean(value.get<std::string>(), words) : "");
}

std::string expected(const Json& value, const Member& member) {
  switch (member.type) {
    case MemberType::whole:
      // 1e3 is a whole number to people, a float to the parser.
      return fits_number(value, member.bounds) && value.get<double>() == std::floor(value.get<double>())
                 ? ""
                 : expectation("a whole number", member.bounds);
    case MemberType::number:
      return fits_number(value, member.bounds) ? "" : expectation("a number", member.bounds);
    case MemberType::flag:
      return value.is_boolean() ? "" : "true or false";
    case MemberType::text:
      return expected_text(value, member);
    case MemberType::texts:
      if (!value.is_array()) return "a list of strings";
      for (const Json& item : value)
        if (const std::string what = expected_text(item, member); !what.empty()) return "a list of " + what;
      return "";
    case MemberType::numbers:
      if (!value.is_array()) return "a list of numbers";
      for (const Json& item : value)
        if (!fits_number(item, member.bounds))
          return "a list, each " + expectation("a number", member.bounds);
      return "";
    case MemberType::config:
      return value.is_object() || fits_text(value) ? "" : "the settings of a config, or the path of its file";
    case MemberType::object:
      return value.is_object() ? "" : "an object";
    case MemberType::list:
      return value.is_array() && !value.empty() ? "" : "a list that is not empty";
  }
  return "";
}

Json text_schema(const Member& member) {
  if (member.words != nullptr) return {{"enum", member.words()}};
  return {{"type", "string"}, {"minLength", 1}};
}

Json value_schema(const Member& member) {
  switch (member.type) {
    case MemberType::whole:
    case MemberType::number: {
      Json schema = {{"type", member.type == MemberType::whole ? "integer" : "number"}};
      add_bounds(schema, member.bounds);
      return schema;
    }
    case MemberType::flag:
      return {{"type", "boolean"}};
    case MemberType::text:
      return text_schema(member);
    case MemberType::texts:
      return {{"type", "array"}, {"items", text_schema(member)}};
    case MemberType::numbers: {
      Json item = {{"type", "number"}};
      add_bounds(item, member.bounds);
      return {{"type", "array"}, {"items", std::move(item)}};
    }
    case MemberType::config:
      return {{"oneOf", Json::array({{{"type", "string"}, {"minLength", 1}}, {{"$ref", "schema.json"}}})}};
    case MemberType::object:
      return {{"type", "object"}};
    case MemberType::list:
      return {{"type", "array"}, {"minItems", 1}};
  }
  return {};
}

}  // namespace

void check_members(const JsonValue& object, const Members& members, std::vector<Problem>& problems) {
  std::vector<std::string> known;
  for (const Member* member : members) {
    known.emplace_back(member->name);
    const auto it = object.json().find(member->name);
    const std::string where = object.pointer() + "/" + member->name;
    if (it == object.json().end()) {
      if (member->initial == nullptr) problems.push_back({where, std::string("is missing: ") + member->help});
    } else if (const std::string what = expected(*it, *member); !what.empty()) {
      problems.push_back({where, "expected " + what + ", got " + short_text(*it)});
    }
  }
  for (const auto& [key, value] : object.members())
    if (std::find(known.begin(), known.end(), key) == known.end())
      problems.push_back({value.pointer(), "unknown key" + did_you_mean(key, known)});
}

Json with_initial_values(Json object, const Members& members) {
  for (const Member* member : members)
    if (member->initial != nullptr && !object.contains(member->name))
      object[member->name] = typed_value(member->initial);
  return object;
}

Json members_schema(const Members& members) {
  Json properties = Json::object();
  Json required = Json::array();
  for (const Member* member : members) {
    Json& property = properties[member->name] = value_schema(*member);
    property["description"] = member->help;
    if (member->initial == nullptr)
      required.push_back(member->name);
    else if (const Json initial = typed_value(member->initial); !initial.is_null())
      property["default"] = initial;
  }
  return {{"type", "object"},
          {"additionalProperties", false},
          {"required", std::move(required)},
          {"properties", std::move(properties)}};
}

}  // namespace ate
