#include "support/timing.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <ctime>
#include <limits>

namespace ate {
namespace {

double seconds_of(clockid_t clock) {
  timespec time = {};
  clock_gettime(clock, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

}  // namespace

double wall_seconds() { return seconds_of(CLOCK_MONOTONIC); }
double thread_seconds() { return seconds_of(CLOCK_THREAD_CPUTIME_ID); }
double process_seconds() { return seconds_of(CLOCK_PROCESS_CPUTIME_ID); }

std::string duration(double seconds) {
  if (!std::isfinite(seconds)) return "?";
  const auto total = static_cast<int64_t>(std::llround(seconds));
  if (total >= 3600) return fmt::format("{}h{:02}m", total / 3600, total / 60 % 60);
  if (total >= 60) return fmt::format("{}m{:02}s", total / 60, total % 60);
  return fmt::format("{}s", total);
}

double median(std::vector<double> values) {
  if (values.empty()) return std::numeric_limits<double>::quiet_NaN();
  std::sort(values.begin(), values.end());
  const size_t middle = values.size() / 2;
  return values.size() % 2 == 1 ? values[middle] : (values[middle - 1] + values[middle]) / 2;
}

std::vector<double> median_seconds_in_turns(const std::vector<std::function<void()>>& calls, int rounds,
                                            int warm_up) {
  std::vector<std::vector<double>> seconds(calls.size());
  for (int round = 0; round < warm_up + rounds; ++round)
    for (size_t i = 0; i < calls.size(); ++i) {
      const double start = wall_seconds();
      calls[i]();
      if (round >= warm_up) seconds[i].push_back(wall_seconds() - start);
    }
  std::vector<double> medians;
  for (const std::vector<double>& times : seconds) medians.push_back(median(times));
  return medians;
}

}  // namespace ate
