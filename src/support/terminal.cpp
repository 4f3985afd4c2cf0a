#include "support/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <cstring>

namespace ate {
namespace {

constexpr size_t kNarrowest = 20;  // less is no width that anything was written for

// What COLUMNS says, 0 for nothing usable.
size_t columns_variable() {
  const char* const text = std::getenv("COLUMNS");
  if (text == nullptr) return 0;
  size_t columns = 0;
  const char* const end = text + std::strlen(text);
  const auto [rest, error] = std::from_chars(text, end, columns);
  return error == std::errc() && rest == end ? columns : 0;
}

}  // namespace

size_t terminal_width(int file) {
  if (isatty(file) != 1) return 0;
  winsize size = {};
  size_t width = ioctl(file, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
  if (const size_t said = columns_variable(); said > 0) width = width == 0 ? said : std::min(width, said);
  return width == 0 ? kUsualWidth : width;
}

size_t help_width() {
  size_t width = columns_variable();
  if (width == 0) width = terminal_width(STDOUT_FILENO);
  if (width == 0) width = kUsualWidth;
  return std::clamp(width, kNarrowest, kWidestText);
}

}  // namespace ate
