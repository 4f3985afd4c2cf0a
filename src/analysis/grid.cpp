#include "analysis/grid.h"

#include <fmt/format.h>

#include <charconv>
#include <limits>

#include "support/names.h"

namespace ate {

bool parse_whole(const std::string& text, int64_t& value) {
  int64_t unit = 1;
  size_t digits = text.size();
  if (digits > 1 && (text.back() == 'k' || text.back() == 'M')) {
    unit = text.back() == 'k' ? 1024 : 1024 * 1024;
    --digits;
  }
  const char* end = text.data() + digits;
  int64_t number = 0;
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  constexpr int64_t largest = std::numeric_limits<int64_t>::max();
  if (error != std::errc() || stop != end || number > largest / unit || number < -(largest / unit))
    return false;
  value = number * unit;
  return true;
}

bool parse_grid(const std::string& text, std::vector<int64_t>& values) {
  values.clear();
  for (const std::string& part : split(text, ',')) {
    const size_t dots = part.find("..");
    int64_t first = 0;
    int64_t last = 0;
    if (!parse_whole(part.substr(0, dots), first)) return false;
    if (dots == std::string::npos) {
      values.push_back(first);
      continue;
    }
    if (!parse_whole(part.substr(dots + 2), last) || first < 1 || last < first) return false;
    for (int64_t value = first;; value *= 2) {
      values.push_back(value);
      if (value > last / 2) break;
    }
  }
  return true;
}

std::string grid_expectation(int64_t low, int64_t high) {
  return fmt::format("expected whole numbers from {} to {}, such as 512,1024 or 1k..128k", low, high);
}

}  // namespace ate
