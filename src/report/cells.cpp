#include "report/cells.h"

#include <fmt/format.h>

#include <cmath>

namespace ate {
namespace {

std::string with_commas(int64_t value) {
  std::string digits = std::to_string(value < 0 ? -value : value);
  for (auto i = static_cast<std::ptrdiff_t>(digits.size()) - 3; i > 0; i -= 3)
    digits.insert(static_cast<size_t>(i), ",");
  return (value < 0 ? "-" : "") + digits;
}

}  // namespace

std::string cell_text(const nlohmann::ordered_json& cell, const Column& column) {
  if (cell.is_null()) return "-";
  if (cell.is_string()) return cell.get<std::string>();
  if (cell.is_number_integer()) return with_commas(cell.get<int64_t>());
  if (cell.is_number() && column.precision >= 0)
    return fmt::format("{:.{}f}", cell.get<double>(), column.precision);
  if (cell.is_boolean()) return cell.get<bool>() ? "yes" : "no";
  return cell.dump();
}

std::string cell_csv(const nlohmann::ordered_json& cell) {
  if (cell.is_null()) return "";
  if (!cell.is_string()) return cell.dump();
  const auto text = cell.get<std::string>();
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + "\"";
}

}  // namespace ate
