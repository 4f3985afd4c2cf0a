// How fast a path's cost grows with T.
#pragma once

#include <vector>

#include "analysis/accounting.h"

namespace ate {

struct CostPoint {
  double length = 0;  // T
  double cost = 0;    // operations, bytes or seconds; above 0
};

// The exponent p of cost ~ T^p: the slope of ln(cost) on ln(T) by least squares. NaN for fewer than two
// different lengths.
double fit_exponent(const std::vector<CostPoint>& points);

// The exponents of both paths between two lengths (doublings from `from` to `to`), as counted.
struct Exponents {
  double full = 0;
  double sparse = 0;
};
Exponents counted_exponents(Accounting accounting, Shape shape, const Coverage& coverage, int64_t from,
                            int64_t to);

}  // namespace ate
