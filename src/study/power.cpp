#include <boost/math/distributions/non_central_t.hpp>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <limits>

#include "study/statistics.h"

namespace ate {
namespace {

// P(|T| > critical) for the non-central t. Boost takes no non-centrality of 0 for a Student's t of its own.
double rejection_probability(double degrees, double non_centrality, double critical) {
  if (non_centrality == 0)
    return 2 * boost::math::cdf(boost::math::complement(boost::math::students_t(degrees), critical));
  const boost::math::non_central_t t(degrees, non_centrality);
  return boost::math::cdf(boost::math::complement(t, critical)) + boost::math::cdf(t, -critical);
}

double critical_value(double degrees, double level) {
  return boost::math::quantile(boost::math::complement(boost::math::students_t(degrees), level / 2));
}

}  // namespace

double t_test_power(int n, double deviation, double effect, double level) {
  const double degrees = n - 1;
  return rejection_probability(degrees, std::abs(effect) * std::sqrt(n) / deviation,
                               critical_value(degrees, level));
}

double smallest_detectable(const Summary& summary, double level, double power) {
  if (summary.n < 2 || !std::isfinite(summary.deviation)) return std::numeric_limits<double>::quiet_NaN();
  if (summary.deviation == 0) return 0;
  const double degrees = summary.n - 1;
  const double critical = critical_value(degrees, level);
  // Power grows with the non-centrality: bracket it, then halve the bracket down to rounding.
  double low = 0;
  double high = 1;
  while (rejection_probability(degrees, high, critical) < power) high *= 2;
  for (int i = 0; i < 60; ++i) {
    const double middle = (low + high) / 2;
    (rejection_probability(degrees, middle, critical) < power ? low : high) = middle;
  }
  return (low + high) / 2 * summary.deviation / std::sqrt(summary.n);
}

}  // namespace ate
