#include "report/exact_integer.h"

#include <fmt/format.h>

#include <algorithm>

#include "support/text.h"
#include "support/utf8.h"

namespace ate {
namespace {

using Json = nlohmann::ordered_json;

constexpr char kMark = '\x01';  // before digits alone; no name that anyone types looks so
constexpr size_t kShort = 18;   // digits that always fit 63 bits

// JSON has escapes for all that a terminal obeys; the library writes those of ASCII alone.
std::string printable_json(std::string_view json) {
  std::string out;
  out.reserve(json.size());
  while (!json.empty()) {
    const size_t length = std::max<size_t>(1, character_length(json));
    const std::string_view character = json.substr(0, length);
    const bool ascii = static_cast<unsigned char>(json[0]) < 0x7F;
    if (ascii || printable(character) == character)
      out += character;
    else
      out += fmt::format("\\u{:04x}", code_point(character));
    json.remove_prefix(length);
  }
  return out;
}

}  // namespace

Json exact_integer(const std::string& digits) {
  if (digits.size() <= kShort) return std::stoll(digits);
  return kMark + digits;
}

bool is_number(const Json& cell) { return cell.is_number() || !long_digits(cell).empty(); }

std::string long_digits(const Json& cell) {
  if (!cell.is_string()) return "";
  const std::string& text = cell.get_ref<const std::string&>();
  const bool marked = text.size() > kShort + 1 && text.front() == kMark &&
                      text.find_first_not_of("0123456789", 1) == std::string::npos;
  return marked ? text.substr(1) : "";
}

std::string dump_json(const Json& document, int indent) {
  const std::string text = document.dump(indent, ' ', /*ensure_ascii=*/false,
                                         Json::error_handler_t::replace);  // names may be any bytes
  static const std::string opening = "\"\\u0001";  // how the library writes a quote and the mark
  std::string out;
  size_t start = 0;
  for (size_t mark = text.find(opening); mark != std::string::npos; mark = text.find(opening, start)) {
    const size_t digits = mark + opening.size();
    const size_t end = text.find_first_not_of("0123456789", digits);
    const bool whole = end - digits > kShort && text[end] == '"';  // else some name that has the mark's byte
    const size_t quote = whole ? 1 : 0;
    out += text.substr(start, mark - start) + (whole ? "" : opening) + text.substr(digits, end - digits);
    start = end + quote;
  }
  return printable_json(out + text.substr(start));
}

}  // namespace ate
