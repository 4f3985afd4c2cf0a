// Whole numbers and lists of them as users write them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ate {

// A whole number: digits, and k (1024) or M (1024^2) after them. False when `text` is none, or passes 63
// bits.
bool parse_whole(const std::string& text, int64_t& value);

// Numbers and ranges with commas between: "512,1024" or "1k..128k", a range being its first number doubled
// for as long as it does not pass the second. False when `text` is no such list.
bool parse_grid(const std::string& text, std::vector<int64_t>& values);

// The numbers as a sentence for errors: what was expected of them.
std::string grid_expectation(int64_t low, int64_t high);

}  // namespace ate
