// Lists of seeds as users write them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace ate {

// Seeds in the order given, each once, from 0 to kLargestSeed.
using SeedList = std::vector<int64_t>;
inline constexpr int64_t kLargestSeed = 4294967295;  // a seed is half of a Philox key

// Reads "0..9", "0,3,7" or a mixture. On failure returns an empty list and says why in `problem`.
SeedList parse_seeds(const std::string& text, std::string& problem);

// Why the list cannot serve as seeds (empty, out of range, a seed twice), or "".
std::string seeds_problem(const SeedList& seeds);

// The shortest text that parse_seeds reads back: runs of three or more as "a..b".
std::string format_seeds(const SeedList& seeds);

}  // namespace ate
