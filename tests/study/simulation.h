// Simulated studies: normal numbers, and how often something happens.
#pragma once

#include <cmath>
#include <vector>

#include "random/counter.h"

namespace ate::testing {

inline constexpr double kPi = 3.14159265358979323846;

// Standard normal numbers (Box & Muller 1958): the i-th of study `study`.
class Normals {
 public:
  explicit Normals(uint32_t study) : study_(study) {}
  double next() {
    const auto block = random_block({2024, 1}, Purpose::canary, 1, study_, index_++);
    const double u = 1 - unit_interval(word64(block, 0));
    return std::sqrt(-2 * std::log(u)) * std::cos(2 * kPi * unit_interval(word64(block, 1)));
  }

 private:
  uint32_t study_;
  uint64_t index_ = 0;
};

inline std::vector<double> draws(Normals& normals, int n, double mean, double deviation) {
  std::vector<double> values;
  for (int i = 0; i < n; ++i) values.push_back(mean + deviation * normals.next());
  return values;
}

// Share of `studies` simulated ones for which `event` is true.
template <class Event>
double share(uint32_t studies, Event event) {
  int count = 0;
  for (uint32_t study = 0; study < studies; ++study) {
    Normals normals(study);
    if (event(normals)) ++count;
  }
  return static_cast<double>(count) / studies;
}

}  // namespace ate::testing
