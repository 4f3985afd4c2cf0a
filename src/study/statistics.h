// Statistics of paired differences. No LibTorch.
#pragma once

#include <vector>

namespace ate {

struct Interval {
  double low = 0;
  double high = 0;
};

struct Summary {
  int n = 0;
  double mean = 0;
  double deviation = 0;  // sample standard deviation, n - 1 in the denominator; NaN for n < 2
};

Summary summarise(const std::vector<double>& values);

// Student's t interval for the mean, mean +- t_{n-1} * deviation / sqrt(n) (Student 1908). Both ends are NaN
// for n < 2. Level in (0, 1), such as 0.95.
Interval t_interval(const Summary& summary, double level);

// Two-sided p of the paired t test: the probability, if the true mean difference were 0, of a |t| at least
// this large. NaN for n < 2. With no spread at all: 1 for a mean of 0, else 0.
double t_test_p(const Summary& summary);

}  // namespace ate
