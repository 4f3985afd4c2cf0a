#include "study/statistics.h"

#include <algorithm>
#include <boost/math/distributions/students_t.hpp>
#include <cmath>
#include <limits>
#include <numeric>

namespace ate {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

double standard_error(const Summary& summary) { return summary.deviation / std::sqrt(summary.n); }

bool has_spread(const Summary& summary) { return summary.n >= 2 && std::isfinite(summary.deviation); }

}  // namespace

Summary summarise(std::vector<double> values) {
  const int n = static_cast<int>(values.size());
  const bool finite = std::all_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); });
  if (n == 0 || !finite) return {n, kNaN, kNaN};
  std::sort(values.begin(), values.end());
  Summary summary{n, std::accumulate(values.begin(), values.end(), 0.0) / n, kNaN};
  if (n < 2) return summary;
  double squares = 0;
  for (const double value : values) squares += (value - summary.mean) * (value - summary.mean);
  summary.deviation = std::sqrt(squares / (n - 1));
  return summary;
}

Interval t_interval(const Summary& summary, double level) {
  if (!has_spread(summary)) return {kNaN, kNaN};
  const boost::math::students_t t(summary.n - 1);
  const double half =
      boost::math::quantile(boost::math::complement(t, (1 - level) / 2)) * standard_error(summary);
  return {summary.mean - half, summary.mean + half};
}

double t_test_p(const Summary& summary) {
  if (!has_spread(summary)) return kNaN;
  if (summary.deviation == 0) return summary.mean == 0 ? 1 : 0;
  const boost::math::students_t t(summary.n - 1);
  const double statistic = std::abs(summary.mean) / standard_error(summary);
  return 2 * boost::math::cdf(boost::math::complement(t, statistic));
}

double equivalence_p(const Summary& summary, double margin) {
  if (!has_spread(summary) || !std::isfinite(margin)) return kNaN;
  // Of the two tests the one against the nearer end of the margin has the larger p.
  const double distance = margin - std::abs(summary.mean);
  if (summary.deviation == 0) return distance > 0 ? 0 : 1;
  const boost::math::students_t t(summary.n - 1);
  return boost::math::cdf(boost::math::complement(t, distance / standard_error(summary)));
}

std::vector<double> holm(const std::vector<double>& p) {
  std::vector<size_t> order;
  for (size_t i = 0; i < p.size(); ++i)
    if (!std::isnan(p[i])) order.push_back(i);
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return p[a] < p[b]; });
  std::vector<double> adjusted(p.size(), kNaN);
  double largest = 0;
  for (size_t i = 0; i < order.size(); ++i) {
    const auto tests_left = static_cast<double>(order.size() - i);
    largest = std::max(largest, std::min(1.0, tests_left * p[order[i]]));
    adjusted[order[i]] = largest;
  }
  return adjusted;
}

}  // namespace ate
