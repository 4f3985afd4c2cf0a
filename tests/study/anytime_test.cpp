// Tests that stay valid after every seed: e-values, their p-values, confidence sequences.
#include "study/anytime.h"

#include <cmath>

#include "catch.h"
#include "helpers/golden.h"

using namespace ate;
using namespace ate::testing;

namespace {

Summary first(const std::vector<double>& values, size_t n) {
  return summarise({values.begin(), values.begin() + static_cast<std::ptrdiff_t>(n)});
}

}  // namespace

TEST_CASE("e-values are likelihoods mixed over effects and scales, integrated numerically", "[study]") {
  const auto golden = read_golden("statistics")["anytime"];
  REQUIRE(golden.size() >= 12);
  for (const auto& row : golden) {
    INFO(row["case"].get<std::string>());
    const auto values = row["differences"].get<std::vector<double>>();
    const auto expected = row["log_e"].get<std::vector<double>>();
    REQUIRE(expected.size() + 1 == values.size());
    for (size_t n = 2; n <= values.size(); ++n)
      CHECK(std::abs(log_e_value(first(values, n)) - expected[n - 2]) < 1e-10);
    const double p = row["p"];
    CHECK(std::abs(anytime_tests(values, 0).back().p - p) < 1e-10 * p);
  }
}

TEST_CASE("a confidence sequence ends where the integrated e-value is 1 / level", "[study]") {
  int infinite = 0;
  int finite = 0;
  const auto golden = read_golden("statistics")["anytime"];
  for (const auto& row : golden) {
    const Summary summary = summarise(row["differences"].get<std::vector<double>>());
    for (const auto& sequence : row["sequences"]) {
      CAPTURE(row["case"].get<std::string>(), sequence["level"].get<double>());
      const Interval found = confidence_sequence(summary, sequence["level"]);
      if (sequence["interval"].is_null()) {
        ++infinite;
        CHECK(std::isinf(found.low));
        CHECK(std::isinf(found.high));
        continue;
      }
      ++finite;
      CHECK(std::abs(found.low - sequence["interval"][0].get<double>()) < 1e-7 * summary.deviation);
      CHECK(std::abs(found.high - sequence["interval"][1].get<double>()) < 1e-7 * summary.deviation);
    }
  }
  CHECK(infinite >= 5);
  CHECK(finite >= 15);
}

TEST_CASE("an e-value neither overflows nor loses small effects", "[study]") {
  CHECK(log_e_value({1'000'000, 1, 1e-9}) > 6e6);
  CHECK(std::isfinite(log_e_value({1'000'000, 1, 1e-9})));
  CHECK(std::abs(log_e_value({10, 1e200, 1e-200}) - 4.5 * std::log(11)) < 1e-12);
  CHECK(std::abs(log_e_value({10, 1e-200, 1e200}) + std::log(11) / 2) < 1e-15);
  // To first order in t^2: n / 2 * t^2 / (n - 1) * (1 - 1 / a).
  const double gain = log_e_value({10, 1e-5, 1}) - log_e_value({10, 0, 1});
  CHECK(std::abs(gain - 10.0 / 2 * 1e-9 / 9 * 10 / 11) < 1e-15);
}

TEST_CASE("without a spread an e-value has its largest value, or at the mean its least", "[study]") {
  const Summary same = summarise({0.5, 0.5, 0.5});
  CHECK(std::abs(log_e_value(same) - std::log(4)) < 1e-15);  // a^((n - 1) / 2), a = 4
  CHECK(std::abs(log_e_value(same, 0.5) + std::log(4) / 2) < 1e-15);
  CHECK(log_e_value(summarise({0.5})) == 0);
  CHECK(log_e_value(summarise({})) == 0);
  CHECK(std::isnan(log_e_value(summarise({0.5, std::nan("")}))));
  const Interval point = confidence_sequence(summarise(std::vector<double>(20, 0.5)), 0.01);
  CHECK(point.low == 0.5);
  CHECK(point.high == 0.5);
  CHECK(std::isinf(confidence_sequence(same, 0.01).high));  // 1 / .01 is more than the largest e-value
}

TEST_CASE("p is the least so far, so it depends on the order of the values", "[study]") {
  const std::vector<double> early = {-1, -1.1, -0.9, -1, -1.05, -0.95, 3, -4, 3, -4};
  const std::vector<double> late = {3, -4, 3, -4, -1, -1.1, -0.9, -1, -1.05, -0.95};
  const std::vector<AnytimeTest> tests = anytime_tests(early, 0.1);
  REQUIRE(tests.size() == early.size());
  CHECK(tests[0].p == 1);
  double least = 1;
  for (size_t n = 2; n <= early.size(); ++n) {
    least = std::min(least, std::exp(-log_e_value(first(early, n))));
    CHECK(tests[n - 1].p == least);
  }
  CHECK(tests.back().p == tests[5].p);
  CHECK(tests.back().mean == tests[5].mean);  // the mean at that time
  CHECK(tests[5].p < 0.02);
  CHECK(anytime_tests(late, 0.1).back().p > 0.2);
  CHECK(std::isnan(anytime_tests({1, std::nan(""), 1}, 0.1).back().p));
  CHECK(std::isnan(anytime_tests({1, 2, 1}, std::nan("")).back().p_equivalence));
}

TEST_CASE("p of equivalence is the level at which the confidence sequence first lies inside the margin",
          "[study]") {
  const std::vector<double> values = {0.01, -0.02, 0.015, 0.0, -0.01, 0.02, 0.005, -0.015, 0.01, -0.005};
  const double margin = 0.06;
  const double p = anytime_tests(values, margin).back().p_equivalence;
  CHECK(p < 0.01);
  const auto inside = [&](double level) {
    for (size_t n = 2; n <= values.size(); ++n) {
      const Interval interval = confidence_sequence(first(values, n), level);
      if (interval.low > -margin && interval.high < margin) return true;
    }
    return false;
  };
  CHECK(inside(p * 1.001));
  CHECK(!inside(p * 0.999));
  CHECK(anytime_tests(values, 0).back().p_equivalence == 1);
  CHECK(anytime_tests({1, 1.01, 0.99, 1, 1.02}, 0.5).back().p_equivalence == 1);
}

TEST_CASE("the t test's level of an e-value's threshold rejects where the e-value does", "[study]") {
  for (const int n : {6, 10, 40})
    for (const double level : {0.05, 0.01}) {
      CAPTURE(n, level);
      const double own = t_level_of_e_value(n, level);
      CHECK(own > 0);
      CHECK(own < level);
      // A mean at the interval's end is one that is just rejected.
      const Summary at_end{n, confidence_sequence({n, 0, 0.3}, level).high, 0.3};
      CHECK(std::abs(t_test_p(at_end) - own) < 1e-9 * own);
      CHECK(std::abs(log_e_value(at_end) + std::log(level)) < 1e-9);
    }
  CHECK(t_level_of_e_value(3, 0.05) == 0);
}
