#include "cli/checks.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "support/error.h"
#include "support/json.h"

namespace ate {
namespace {

using Json = nlohmann::ordered_json;

// The checks below read numbers as JSON has them, so that "nan" and "0x10" are none.

// The empty description keeps the range out of the flag's line in --help, whose text says it better.
CLI::Validator validator(std::function<std::string(std::string&)> check) { return {std::move(check), ""}; }

}  // namespace

CLI::Validator not_empty() {
  return validator(
      [](std::string& text) { return text.empty() ? "expected a value, got an empty one" : ""; });
}

CLI::Validator whole_number(int64_t low, int64_t high) {
  return validator([=](std::string& text) -> std::string {
    const Json value = typed_value(text);
    if (value.is_number_integer() && value >= low && value <= high) return "";
    return fmt::format("expected a whole number from {} to {}, got \"{}\"", low, high, text);
  });
}

CLI::Validator whole_number_or(int64_t low, int64_t high, const std::string& word) {
  return validator([=](std::string& text) -> std::string {
    const Json value = typed_value(text);
    if (text == word || (value.is_number_integer() && value >= low && value <= high)) return "";
    return fmt::format("expected {} or a whole number from {} to {}, got \"{}\"", word, low, high, text);
  });
}

CLI::Validator number(double low, double high) {
  return validator([=](std::string& text) -> std::string {
    const Json value = typed_value(text);
    if (value.is_number() && value >= low && value <= high) return "";
    return fmt::format("expected a number from {:.15g} to {:.15g}, got \"{}\"", low, high, text);
  });
}

void refuse_given(const std::vector<CLI::Option*>& options, const std::string& why) {
  std::vector<Problem> problems;
  for (const CLI::Option* option : options)
    if (option->count() > 0) problems.push_back({option->get_name(), why});
  if (!problems.empty()) throw BadInput(std::move(problems));
}

}  // namespace ate
