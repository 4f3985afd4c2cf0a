#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "random/counter.h"
#include "study/statistics.h"

namespace ate {
namespace {

// |sum s_i d_i| for each of the 2^(n-1) patterns that leave the first sign as it is; the others are their
// mirror images. Each sum is built in n - 1 additions, so that rounding stays within n units in the last
// place.
std::vector<double> all_sums(const std::vector<double>& sizes) {
  std::vector<double> sums = {sizes[0]};
  sums.reserve(size_t{1} << (sizes.size() - 1));
  for (size_t i = 1; i < sizes.size(); ++i) {
    const size_t count = sums.size();
    for (size_t k = 0; k < count; ++k) {
      sums.push_back(sums[k] - sizes[i]);
      sums[k] += sizes[i];
    }
  }
  return sums;
}

double random_sum(const std::vector<double>& sizes, uint64_t pattern) {
  double sum = 0;
  std::array<uint32_t, 4> block = {};
  for (size_t i = 0; i < sizes.size(); ++i) {
    if (i % 128 == 0)
      block = random_block({0, 0}, Purpose::sign_flip, 0, static_cast<uint32_t>(i / 128), pattern);
    const bool minus = (block.at(i / 32 % 4) >> (i % 32) & 1U) != 0;
    sum += minus ? -sizes[i] : sizes[i];
  }
  return sum;
}

}  // namespace

double sign_flip_p(std::vector<double> values) {
  const bool finite = std::all_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); });
  if (values.size() < 2 || !finite) return std::numeric_limits<double>::quiet_NaN();
  std::sort(values.begin(), values.end());
  const double observed = std::abs(std::accumulate(values.begin(), values.end(), 0.0));
  // A flipped sign makes of d and -d the same two values: only the sizes matter, in an order of their own.
  for (double& value : values) value = std::abs(value);
  std::sort(values.begin(), values.end());
  const double rounding = static_cast<double>(values.size()) * std::numeric_limits<double>::epsilon() *
                          std::accumulate(values.begin(), values.end(), 0.0);
  const auto as_large = [&](double sum) { return std::abs(sum) >= observed - rounding; };

  if (values.size() <= kMostExactSigns) {
    const std::vector<double> sums = all_sums(values);
    const auto count = std::count_if(sums.begin(), sums.end(), as_large);
    return static_cast<double>(count) / static_cast<double>(sums.size());
  }
  int count = 0;
  for (uint64_t pattern = 0; pattern < kRandomSigns; ++pattern)
    if (as_large(random_sum(values, pattern))) ++count;
  return (1.0 + count) / (1.0 + kRandomSigns);
}

}  // namespace ate
