#include <algorithm>
#include <cmath>

#include "catch.h"
#include "helpers/golden.h"
#include "study/statistics.h"

using namespace ate;
using namespace ate::testing;

namespace {

// `minus` values of -1 among `n` of 1: the exact p is a tail of the binomial distribution.
std::vector<double> coins(int n, int minus) {
  std::vector<double> values(static_cast<size_t>(n), 1);
  std::fill_n(values.begin(), minus, -1.0);
  return values;
}

// P(|heads - tails| >= |n - 2 minus|) of n fair coins.
double coins_p(int n, int minus) {
  double p = 0;
  for (int k = 0; k <= n; ++k)
    if (std::abs(n - 2 * k) >= std::abs(n - 2 * minus))
      p += std::exp(std::lgamma(n + 1) - std::lgamma(k + 1) - std::lgamma(n - k + 1) - n * std::log(2));
  return p;
}

}  // namespace

TEST_CASE("sign-flip p-values are those of counting all patterns in whole numbers", "[study]") {
  const auto golden = read_golden("statistics")["paired"];
  REQUIRE(golden.size() >= 15);
  for (const auto& row : golden) {
    INFO(row["case"].get<std::string>());
    CHECK(sign_flip_p(row["differences"].get<std::vector<double>>()) == row["sign_flip"].get<double>());
  }
}

TEST_CASE("the least sign-flip p is that of the observed pattern and its mirror image", "[study]") {
  for (const int n : {2, 5, 10, 20}) {
    const std::vector<double> values(static_cast<size_t>(n), -0.3);
    CHECK(sign_flip_p(values) == std::pow(2, 1 - n));
  }
}

TEST_CASE("patterns that tie count, also where decimals do not add up in binary", "[study]") {
  CHECK(sign_flip_p({1, 2, 3}) == 0.25);
  CHECK(sign_flip_p({1, 2, -3}) == 1);
  CHECK(sign_flip_p({0.1, 0.2, -0.3}) == 1);
  CHECK(sign_flip_p({0.1, 0.2, 0.3, 0.4, -0.7, 0.7}) == sign_flip_p({1, 2, 3, 4, -7, 7}));
}

TEST_CASE("the sign-flip p knows no order, no unit and no direction", "[study]") {
  const std::vector<double> values = {0.011, -0.02, 0.07, 0.03, 0.049, -0.001, 0.02};
  const double p = sign_flip_p(values);
  std::vector<double> other = values;
  for (int turn = 0; turn < 6; ++turn) {
    std::rotate(other.begin(), other.begin() + 1, other.end());
    CHECK(sign_flip_p(other) == p);
  }
  for (double& value : other) value *= -1024;
  CHECK(sign_flip_p(other) == p);
}

TEST_CASE("above 20 values random patterns come near the exact p, and the same ones every time", "[study]") {
  CHECK(kMostExactSigns == 20);
  for (const auto& [n, minus] : {std::pair{20, 5}, {21, 6}, {24, 7}, {40, 15}, {150, 65}, {300, 150}}) {
    CAPTURE(n, minus);
    const double exact = coins_p(n, minus);
    const double p = sign_flip_p(coins(n, minus));
    CHECK(std::abs(p - exact) <=
          (n > 20 ? 4.5 * std::sqrt(exact * (1 - exact) / kRandomSigns) + 1e-5 : 1e-12));
    CHECK(sign_flip_p(coins(n, minus)) == p);
  }
  CHECK(sign_flip_p(coins(21, 6)) != coins_p(21, 6));
}

TEST_CASE("the observed pattern counts among the random ones: no p is 0", "[study]") {
  CHECK(kRandomSigns == 99'999);
  CHECK(sign_flip_p(std::vector<double>(60, 0.5)) == 1e-5);
  std::vector<double> many;
  for (int i = 0; i < 60; ++i) many.push_back(0.01 * (i % 7) - 0.02);
  const double p = sign_flip_p(many);
  std::reverse(many.begin(), many.end());
  CHECK(sign_flip_p(many) == p);
}

TEST_CASE("too few values or none that are numbers have no sign-flip p; zeros have no doubt", "[study]") {
  CHECK(std::isnan(sign_flip_p({})));
  CHECK(std::isnan(sign_flip_p({0.5})));
  CHECK(std::isnan(sign_flip_p({0.5, std::nan(""), 0.5})));
  CHECK(std::isnan(sign_flip_p({0.5, INFINITY})));
  CHECK(sign_flip_p({0, 0, 0}) == 1);
}
