// The one way to read JSON: text into a document of bounded depth, and values that know their file and place.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "support/error.h"

namespace ate {

// Levels of [ and { in a text. A bound, because documents are copied, written and compared level by level on the
// stack: 200,000 of them would overflow it.
inline constexpr size_t kDeepestJson = 100;

// Parses a text, in memory that grows with its length alone. What the library lets pass is refused too: the same key
// twice in one object, and more than kDeepestJson levels. Problems are added with `label`, as "label:line:column" or
// "label: /path"; the document is then incomplete.
nlohmann::ordered_json parse_json(std::string_view text, const std::string& label,
                                  std::vector<Problem>& problems);

// The same, but throws the problems as a Failure: for files that ate wrote itself.
nlohmann::ordered_json parse_json(std::string_view text, const std::string& label);

// What a user typed as a value: JSON where it parses, else the text as a string.
nlohmann::ordered_json typed_value(const std::string& text);

// A value as short text for an error: `3`, `"long"`, `{"a": [1, 2, ...`.
std::string short_text(const nlohmann::ordered_json& value);

// The text, or its start and "..." where it is longer than `most` bytes.
std::string shortened(std::string text, size_t most);

// A value of a document with its address. What does not fit throws a Failure such as
// `runs/x/plan.json: /requests/0/seeds: expected a string, got 3`. The document must outlive it.
class JsonValue {
 public:
  // `file` names the document; `pointer` is the value's place in it, "" for the whole.
  JsonValue(const nlohmann::ordered_json& value, std::string file, std::string pointer = "");

  const nlohmann::ordered_json& json() const { return *value_; }
  const std::string& pointer() const { return pointer_; }

  // A member of an object: one that must be there, and one that may be missing.
  JsonValue at(const std::string& key) const;
  std::optional<JsonValue> find(const std::string& key) const;
  std::vector<std::pair<std::string, JsonValue>> members() const;  // of an object
  std::vector<JsonValue> items() const;                            // of a list

  std::string text() const;
  std::vector<std::string> texts() const;  // of a list of strings
  bool flag() const;
  int64_t whole() const;
  double number() const;
  // null stands for a number that is none (JSON has no NaN), and for a value that was never there.
  double number_or_nan() const;
  std::optional<double> number_if_any() const;

  // Throws: "expected <what>, got <value>".
  [[noreturn]] void expected(const std::string& what) const;

 private:
  const nlohmann::ordered_json* value_;
  std::string file_;
  std::string pointer_;
};

}  // namespace ate
