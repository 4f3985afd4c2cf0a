#include "config/seeds.h"

#include <charconv>
#include <set>

#include "support/names.h"

namespace ate {
namespace {

constexpr int64_t kMostSeeds = 1'000'000;

bool parse_number(const std::string& text, int64_t& value) {
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  return error == std::errc() && stop == end;
}

std::string out_of_range(int64_t seed) {
  if (seed >= 0 && seed <= kLargestSeed) return "";
  return "seed " + std::to_string(seed) + " is outside 0 to " + std::to_string(kLargestSeed);
}

}  // namespace

std::string seeds_problem(const SeedList& seeds) {
  if (seeds.empty()) return "no seed given";
  std::set<int64_t> known;
  for (const int64_t seed : seeds) {
    if (const std::string problem = out_of_range(seed); !problem.empty()) return problem;
    if (!known.insert(seed).second) return "seed " + std::to_string(seed) + " is listed twice";
  }
  return "";
}

SeedList parse_seeds(const std::string& text, std::string& problem) {
  SeedList seeds;
  for (const std::string& part : split(text, ',')) {
    const size_t dots = part.find("..");
    int64_t first = 0;
    int64_t last = 0;
    const bool range = dots != std::string::npos;
    const bool ok =
        range ? parse_number(part.substr(0, dots), first) && parse_number(part.substr(dots + 2), last)
              : parse_number(part, first);
    if (!range) last = first;
    problem = !ok            ? "\"" + part + "\" is neither a seed nor a range of seeds"
              : last < first ? "the range " + part + " runs backwards"
                             : out_of_range(first < 0 ? first : last);
    if (problem.empty() && last - first >= kMostSeeds - std::ssize(seeds))
      problem = "with " + part + " there are over " + std::to_string(kMostSeeds) + " seeds";
    if (!problem.empty()) return {};
    for (int64_t seed = first; seed <= last; ++seed) seeds.push_back(seed);
  }
  problem = seeds_problem(seeds);
  if (!problem.empty()) seeds.clear();
  return seeds;
}

std::string format_seeds(const SeedList& seeds) {
  std::string out;
  for (size_t i = 0; i < seeds.size();) {
    size_t last = i;
    while (last + 1 < seeds.size() && seeds[last + 1] == seeds[last] + 1) ++last;
    if (last < i + 2) last = i;
    if (!out.empty()) out += ',';
    out += std::to_string(seeds[i]);
    if (last > i) out += ".." + std::to_string(seeds[last]);
    i = last + 1;
  }
  return out;
}

}  // namespace ate
