// Tests and intervals of a mean that stay valid however often one looks, and whenever one stops. No LibTorch.
//
// The e-process is that of Wang and Ramdas, "Anytime-valid t-tests and confidence sequences for Gaussian means
// with unknown variance" (arXiv 2310.03722, 2023), from Lai (1976): the likelihood ratio of n normal values
// between "mean / deviation is drawn from N(0, tau^2)" and "the mean is 0", the unknown deviation integrated out
// by the right Haar measure on both sides. With a = 1 + n tau^2 and t on n - 1 degrees of freedom,
//   E_n = a^(-1/2) * ((1 + t^2 / (n - 1)) / (1 + t^2 / ((n - 1) a)))^(n / 2),  tau = 1.
// Where the mean is 0, E is a non-negative martingale that starts at 1, so the probability that it ever reaches
// 1 / alpha is at most alpha (Ville 1939). It depends on the order of the values only through which came first.
#pragma once

#include <vector>

#include "study/statistics.h"

namespace ate {

// ln E_n against "the mean is `null_mean`". 0 for n < 2: one value has no spread to be held against. E_n has a
// largest value, a^((n - 1) / 2), which values without any spread reach, unless their mean is `null_mean`: then
// it has its least, a^(-1/2). NaN where a value is not finite.
double log_e_value(const Summary& summary, double null_mean = 0);

// The confidence sequence at n: all means against which E_n is below 1 / level,
//   mean +- deviation / sqrt(n) * sqrt((n - 1) (q - 1) / (1 - q / a)),  q = (sqrt(a) / level)^(2 / n),
// and the whole line where q >= a, as no values of that number can exclude a mean (n < 2 among them). With
// probability 1 - level it holds the true mean at every n at once. This is the interval at n, not what it has in
// common with the intervals before it.
Interval confidence_sequence(const Summary& summary, double level);

// The level of the two-sided t test that rejects where E_n of n values reaches 1 / level; 0 where it never does.
double t_level_of_e_value(int n, double level);

// After some of the values.
struct AnytimeTest {
  double p = 1;              // least 1 / E_i so far
  double mean = 0;           // at that i
  double p_equivalence = 1;  // least level so far at which the confidence sequence lay inside the margin
};

// After each of the values, in their order. Both p-values hold at all numbers of values at once: the probability
// that one ever falls to alpha, where its null hypothesis is true, is at most alpha. NaN where a value or the
// margin is not finite.
std::vector<AnytimeTest> anytime_tests(const std::vector<double>& values, double margin);

}  // namespace ate
