#include "support/text.h"

#include <fmt/format.h>

#include <algorithm>

#include "support/utf8.h"

namespace ate {
namespace {

bool is_obeyed(uint32_t code) {
  const bool control = code < 0x20 || (code >= 0x7F && code < 0xA0);
  const bool line_end = code == 0x2028 || code == 0x2029;
  const bool direction = code == 0x200E || code == 0x200F || (code >= 0x202A && code <= 0x202E) ||
                         (code >= 0x2066 && code <= 0x2069);
  return control || line_end || direction;
}

std::string escaped(uint32_t code) {
  if (code == '\n') return "\\n";
  if (code == '\r') return "\\r";
  if (code == '\t') return "\\t";
  return code < 0x100 ? fmt::format("\\x{:02x}", code) : fmt::format("\\u{:04x}", code);
}

}  // namespace

std::string printable(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const size_t length = character_length(text);
    const std::string_view character = text.substr(0, std::max<size_t>(1, length));
    const uint32_t code = length == 0 ? static_cast<unsigned char>(text[0]) : code_point(character);
    if (length == 0 || is_obeyed(code))
      out += escaped(code);
    else
      out += character;
    text.remove_prefix(character.size());
  }
  return out;
}

size_t display_width(std::string_view text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](unsigned char c) { return (c & 0xC0U) != 0x80U; }));
}

std::string cut_to_width(std::string_view text, size_t width) {
  size_t end = 0;
  for (size_t columns = 0; end < text.size(); ++end) {
    if ((static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) continue;
    if (columns++ == width) break;
  }
  return std::string(text.substr(0, end));
}

std::vector<std::string> broken_lines(std::string_view text, size_t width) {
  std::vector<std::string> lines(1);
  size_t used = 0;  // columns of the last line
  for (size_t start = 0; start < text.size();) {
    const size_t end = std::min(text.find(' ', start), text.size());
    const std::string_view word = text.substr(start, end - start);
    const size_t columns = display_width(word);
    if (used > 0 && used + 1 + columns > width) {
      lines.emplace_back();
      used = 0;
    }
    if (used > 0) lines.back() += ' ';
    lines.back() += word;
    used += (used > 0 ? 1 : 0) + columns;
    start = end + 1;
  }
  return lines;
}

std::string wrapped(std::string_view text, size_t width, const std::string& first, const std::string& rest) {
  const size_t before = std::max(display_width(first), display_width(rest));
  std::string out;
  for (const std::string& line : broken_lines(text, width > before ? width - before : 1)) {
    out += (out.empty() ? first : rest) + line;
    out.erase(out.find_last_not_of(' ') + 1);
    out += '\n';
  }
  return out;
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

std::string counted(int64_t n, const std::string& one, const std::string& many) {
  return fmt::format("{} {}", n, n == 1 ? one : many.empty() ? one + "s" : many);
}

}  // namespace ate
