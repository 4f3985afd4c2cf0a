#include "analysis/complexity.h"

#include <cmath>
#include <limits>

namespace ate {

double fit_exponent(const std::vector<CostPoint>& points) {
  const auto n = static_cast<double>(points.size());
  double mean_x = 0;
  double mean_y = 0;
  for (const CostPoint& point : points) {
    mean_x += std::log(point.length) / n;
    mean_y += std::log(point.cost) / n;
  }
  double products = 0;
  double squares = 0;
  for (const CostPoint& point : points) {
    const double x = std::log(point.length) - mean_x;
    products += x * (std::log(point.cost) - mean_y);
    squares += x * x;
  }
  return squares > 0 ? products / squares : std::numeric_limits<double>::quiet_NaN();
}

Exponents counted_exponents(Accounting accounting, Shape shape, const Coverage& coverage, int64_t from,
                            int64_t to) {
  std::vector<CostPoint> full;
  std::vector<CostPoint> sparse;
  for (shape.length = from; shape.length <= to; shape.length *= 2) {
    const Cost both = cost(accounting, shape, coverage);
    full.push_back({static_cast<double>(shape.length), to_double(both.full.total())});
    sparse.push_back({static_cast<double>(shape.length), to_double(both.sparse.total())});
  }
  return {fit_exponent(full), fit_exponent(sparse)};
}

}  // namespace ate
