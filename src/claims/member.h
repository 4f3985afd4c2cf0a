// Members of JSON objects, declared once: reading a claims file and its JSON Schema follow from the declarations.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "config/kind_settings.h"
#include "support/error.h"
#include "support/json.h"

namespace ate {

enum class MemberType {
  whole,  // a whole number
  number,
  flag,   // true or false
  text,   // a string that is not empty
  texts,  // a list of such strings
  numbers,
  config,  // the settings of a config, or the path of its file
  object,
  list,
};

struct Member {
  const char* name;
  MemberType type;
  const char* help;
  Bounds bounds{};                                // of numbers
  const char* initial = nullptr;                  // JSON; nullptr: it must be given
  std::vector<std::string> (*words)() = nullptr;  // what a text, or each of texts, may be; nullptr: anything
};
using Members = std::vector<const Member*>;

// Adds a problem for each unknown key, missing member and value that does not fit.
void check_members(const JsonValue& object, const Members& members, std::vector<Problem>& problems);

// The object with what is missing at its initial value.
nlohmann::ordered_json with_initial_values(nlohmann::ordered_json object, const Members& members);

// JSON Schema of such an object.
nlohmann::ordered_json members_schema(const Members& members);

}  // namespace ate
