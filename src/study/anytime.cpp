#include "study/anytime.h"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <limits>

namespace ate {
namespace {

constexpr double kTau = 1;  // standard deviation of the effects, in deviations of the values
constexpr double kInfinity = std::numeric_limits<double>::infinity();

double a_of(int n) { return 1 + n * kTau * kTau; }

// t^2 / (n - 1) at which E_n is 1 / level; infinite where E_n never gets there.
double boundary(int n, double level) {
  if (n < 2) return kInfinity;
  const double a = a_of(n);
  const double log_q = 2.0 / n * (std::log(a) / 2 - std::log(level));
  return log_q < std::log(a) ? std::expm1(log_q) / -std::expm1(log_q - std::log(a)) : kInfinity;
}

// The least of both, NaN if either is.
void lower(double& least, double value) {
  if (!(value >= least)) least = value;
}

}  // namespace

double log_e_value(const Summary& summary, double null_mean) {
  if (summary.n < 2) return 0;
  const double n = summary.n;
  const double a = a_of(summary.n);
  const double distance = summary.mean - null_mean;
  const double root = distance == 0 ? 0 : std::sqrt(n / (n - 1)) * distance / summary.deviation;
  // (1 + x) / (1 + x / a) = 1 + (a - 1) / (a / x + 1), x = t^2 / (n - 1), which neither overflows nor cancels.
  return n / 2 * std::log1p((a - 1) / (a / (root * root) + 1)) - std::log(a) / 2;
}

Interval confidence_sequence(const Summary& summary, double level) {
  const double limit = boundary(summary.n, level);
  if (std::isinf(limit)) return {-kInfinity, kInfinity};
  const double half = summary.deviation / std::sqrt(summary.n) * std::sqrt((summary.n - 1) * limit);
  return {summary.mean - half, summary.mean + half};
}

double t_level_of_e_value(int n, double level) {
  const double limit = boundary(n, level);
  if (std::isinf(limit)) return 0;
  const boost::math::students_t t(n - 1);
  return 2 * boost::math::cdf(boost::math::complement(t, std::sqrt((n - 1) * limit)));
}

std::vector<AnytimeTest> anytime_tests(const std::vector<double>& values, double margin) {
  std::vector<AnytimeTest> tests;
  AnytimeTest test;
  for (size_t n = 1; n <= values.size(); ++n) {
    const Summary summary = summarise({values.begin(), values.begin() + static_cast<std::ptrdiff_t>(n)});
    const double p = std::min(1.0, std::exp(-log_e_value(summary)));
    if (n == 1 || p < test.p) test.mean = summary.mean;
    lower(test.p, std::isnan(summary.mean) ? summary.mean : p);
    // The interval lies inside the margin where it excludes the nearer end and the mean lies inside too.
    const double nearer = std::copysign(margin, summary.mean);
    const bool inside = std::abs(summary.mean) < margin;
    const double outside_p = std::isnan(margin) ? margin : 1;
    lower(test.p_equivalence, inside ? std::min(1.0, std::exp(-log_e_value(summary, nearer))) : outside_p);
    tests.push_back(test);
  }
  return tests;
}

}  // namespace ate
