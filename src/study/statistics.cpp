#include "study/statistics.h"

#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <limits>
#include <numeric>

namespace ate {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

double standard_error(const Summary& summary) { return summary.deviation / std::sqrt(summary.n); }

}  // namespace

Summary summarise(const std::vector<double>& values) {
  Summary summary;
  summary.n = static_cast<int>(values.size());
  if (values.empty()) return {0, kNaN, kNaN};
  summary.mean = std::accumulate(values.begin(), values.end(), 0.0) / summary.n;
  double squares = 0;
  for (const double value : values) squares += (value - summary.mean) * (value - summary.mean);
  summary.deviation = summary.n < 2 ? kNaN : std::sqrt(squares / (summary.n - 1));
  return summary;
}

Interval t_interval(const Summary& summary, double level) {
  if (summary.n < 2 || !std::isfinite(summary.deviation)) return {kNaN, kNaN};
  const boost::math::students_t t(summary.n - 1);
  const double half =
      boost::math::quantile(boost::math::complement(t, (1 - level) / 2)) * standard_error(summary);
  return {summary.mean - half, summary.mean + half};
}

double t_test_p(const Summary& summary) {
  if (summary.n < 2 || !std::isfinite(summary.deviation)) return kNaN;
  if (summary.deviation == 0) return summary.mean == 0 ? 1 : 0;
  const boost::math::students_t t(summary.n - 1);
  const double statistic = std::abs(summary.mean) / standard_error(summary);
  return 2 * boost::math::cdf(boost::math::complement(t, statistic));
}

}  // namespace ate
