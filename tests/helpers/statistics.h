// Statistics for tests of random draws.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

namespace ate::testing {

// Pearson's chi-square of counts against their expectations.
inline double chi_square(const std::vector<double>& counts, const std::vector<double>& expected) {
  double sum = 0;
  for (size_t i = 0; i < counts.size(); ++i)
    sum += (counts[i] - expected[i]) * (counts[i] - expected[i]) / expected[i];
  return sum;
}

// The point that chi-square with n degrees of freedom exceeds with probability 1e-4, by Wilson and Hilferty's
// cube root.
inline double chi_square_limit(double n) {
  constexpr double kNormalPoint = 3.719;
  return n * std::pow(1 - 2 / (9 * n) + kNormalPoint * std::sqrt(2 / (9 * n)), 3);
}

struct Moments {
  double mean = 0;
  double deviation = 0;
  double least = 0;
  double largest = 0;
};

template <class Values>
Moments moments_of(const Values& values) {
  Moments m;
  m.least = m.largest = static_cast<double>(values[0]);
  const auto n = static_cast<double>(values.size());
  for (const auto value : values) {
    const auto x = static_cast<double>(value);
    m.mean += x / n;
    m.least = std::min(m.least, x);
    m.largest = std::max(m.largest, x);
  }
  for (const auto value : values) m.deviation += std::pow(static_cast<double>(value) - m.mean, 2) / n;
  m.deviation = std::sqrt(m.deviation);
  return m;
}

}  // namespace ate::testing
