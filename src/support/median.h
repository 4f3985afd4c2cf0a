#pragma once

#include <vector>

namespace ate {

// The middle number, or the mean of the two middle ones; NaN of none.
double median(std::vector<double> values);

}  // namespace ate
