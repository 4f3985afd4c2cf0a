// Statistics of paired differences. No LibTorch. Results do not depend on the order of the values, not even
// in their last bits. A value that is not finite leaves nothing to compute: results are NaN.
#pragma once

#include <vector>

namespace ate {

struct Interval {
  double low = 0;
  double high = 0;
};

struct Summary {
  int n = 0;
  double mean = 0;       // NaN for n < 1
  double deviation = 0;  // sample standard deviation, n - 1 in the denominator; NaN for n < 2
};

Summary summarise(std::vector<double> values);

// Student's t interval for the mean, mean +- t_{n-1} * deviation / sqrt(n) (Student 1908). Both ends are NaN
// for n < 2. Level in (0, 1), such as 0.95.
Interval t_interval(const Summary& summary, double level);

// Two-sided p of the paired t test: the probability, if the true mean difference were 0, of a |t| at least
// this large. NaN for n < 2. With no spread at all: 1 for a mean of 0, else 0.
double t_test_p(const Summary& summary);

// Equivalence by two one-sided t tests (Schuirmann 1987): the larger p of "the mean is at most -margin" and
// "the mean is at least margin", with t = (mean +- margin) / (deviation / sqrt(n)). A small p says that the
// true mean lies inside (-margin, margin); p < .05 is the same as a 90 % interval inside it. The margin is in
// the values' unit and at least 0; with 0 the p is never below .5. NaN for n < 2. With no spread at all: 0
// for a mean inside the margin, else 1.
double equivalence_p(const Summary& summary, double margin);

// Power of the two-sided t test at `level`: P(|T| > t_{n-1, 1 - level / 2}), T non-central t with n - 1
// degrees of freedom and non-centrality `effect` * sqrt(n) / `deviation` (Cohen 1988). n >= 2, deviation > 0.
double t_test_power(int n, double deviation, double effect, double level);

// The true mean, in the values' unit, that the two-sided t test at `level` detects with probability `power`,
// if the observed deviation is the true one: t_test_power solved for the effect. NaN for n < 2; 0 with no
// spread at all. 0 < level < power < 1.
double smallest_detectable(const Summary& summary, double level, double power);

// Two-sided p of the sign-flip test (Fisher 1935, Pitman 1937): the share of sign patterns s for which
// |sum s_i d_i| is at least |sum d_i|. It takes the differences for symmetric around 0 under the null
// hypothesis and for nothing else. Up to kMostExactSigns values all 2^n patterns are counted, the observed
// one among them, so p is at least 2^(1 - n). Above that, kRandomSigns patterns drawn at random from a fixed
// seed and the observed one: (1 + count) / (1 + kRandomSigns) (Phipson & Smyth 2010). Sums that differ by
// less than rounding count as equal. NaN for n < 2; 1 when all values are 0.
double sign_flip_p(std::vector<double> values);
inline constexpr int kMostExactSigns = 20;
inline constexpr int kRandomSigns = 99'999;

// Step-down adjusted p-values (Holm 1979), in the order given: with p_(1) <= p_(2) <= ... of m tests,
// max over j <= i of min(1, (m - j + 1) * p_(j)). Rejecting those of at most .05 keeps the probability of any
// false rejection at .05, however the tests depend on each other. A NaN stays one and does not count in m.
std::vector<double> holm(const std::vector<double>& p);

}  // namespace ate
