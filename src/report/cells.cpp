#include "report/cells.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "report/exact_integer.h"
#include "support/names.h"
#include "support/text.h"

namespace ate {
namespace {

// Digits after the point, but 3.1e-06 where those would all be 0 and the value is not.
std::string rounded(double value, int precision) {
  const bool vanishes = value != 0 && std::abs(value) < 0.5 * std::pow(10, -precision);
  return vanishes ? fmt::format("{:.1e}", value) : fmt::format("{:.{}f}", value, precision);
}

// JSON has no NaN or infinity, and writes them as null too.
bool is_no_number(const nlohmann::ordered_json& cell) {
  return cell.is_null() || (cell.is_number_float() && !std::isfinite(cell.get<double>()));
}

bool reads_as_number(const std::string& text) {
  char* end = nullptr;
  std::strtod(text.c_str(), &end);
  return *end == '\0';
}

}  // namespace

std::string cell_text(const nlohmann::ordered_json& cell, const Column& column) {
  if (is_no_number(cell)) return "-";
  const std::string digits = long_digits(cell);
  if (column.per != 1 && is_number(cell)) {
    const double value = digits.empty() ? cell.get<double>() : std::stod(digits);
    return with_commas(rounded(value / column.per, column.precision));
  }
  if (!digits.empty()) return with_commas(digits);
  if (cell.is_string()) return cell.get<std::string>();
  if (cell.is_number_integer()) return with_commas(std::to_string(cell.get<int64_t>()));
  if (cell.is_number() && column.precision >= 0) return rounded(cell.get<double>(), column.precision);
  if (cell.is_boolean()) return cell.get<bool>() ? "yes" : "no";
  return cell.dump();
}

std::string cell_csv(const nlohmann::ordered_json& cell) {
  if (is_no_number(cell)) return "";
  if (!cell.is_string() || is_number(cell)) return dump_json(cell);
  std::string text = printable(cell.get<std::string>());
  // A spreadsheet takes such a text for a formula and may run it; the quote before it is shown nowhere.
  if (!text.empty() && std::string_view("=+-@").find(text.front()) != std::string_view::npos &&
      !reads_as_number(text))
    text.insert(0, "'");
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + "\"";
}

}  // namespace ate
