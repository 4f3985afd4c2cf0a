#include "study/statistics.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "catch.h"
#include "helpers/golden.h"

using namespace ate;
using namespace ate::testing;

namespace {

// Within a part in 1e-12 of the expected number or of the data's own size.
void check_close(double found, double expected, double size = 0) {
  CAPTURE(found, expected);
  CHECK(std::abs(found - expected) <= 1e-12 * std::max(std::abs(expected), size));
}

}  // namespace

TEST_CASE("means, deviations, intervals and p-values are SciPy's", "[study]") {
  const auto golden = read_golden("statistics")["paired"];
  REQUIRE(golden.size() >= 12);
  for (const auto& row : golden) {
    INFO(row["case"].get<std::string>());
    const auto differences = row["differences"].get<std::vector<double>>();
    double size = 0;
    for (const double d : differences) size = std::max(size, std::abs(d));
    const Summary summary = summarise(differences);
    CHECK(summary.n == static_cast<int>(differences.size()));
    check_close(summary.mean, row["mean"], size);
    // Differences of 1000 with a spread of .001 have lost six digits before anyone computes.
    const double lost = size / summary.deviation > 1e5 ? 1e-4 * size : 0;
    check_close(summary.deviation, row["sd"], lost);
    const Interval interval = t_interval(summary, 0.95);
    check_close(interval.low, row["interval"][0], size);
    check_close(interval.high, row["interval"][1], size);
    const auto p = row["p_value"].get<double>();
    CHECK(std::abs(t_test_p(summary) - p) <= 1e-10 * p + 1e-300);
  }
}

TEST_CASE("a summary counts, averages and spreads", "[study]") {
  const Summary summary = summarise({1, 2, 4, 5});
  CHECK(summary.n == 4);
  CHECK(summary.mean == 3);
  check_close(summary.deviation, std::sqrt(10.0 / 3));
}

TEST_CASE("a wider level gives a wider interval around the same mean", "[study]") {
  const Summary summary = summarise({1, 2, 4, 5});
  const Interval narrow = t_interval(summary, 0.5);
  const Interval wide = t_interval(summary, 0.99);
  CHECK(wide.low < narrow.low);
  CHECK(wide.high > narrow.high);
  check_close(narrow.low + narrow.high, 6);
  check_close(wide.low + wide.high, 6);
  // Student's t of three degrees of freedom has its upper quarter above .76489.
  CHECK(std::abs((narrow.high - 3) / (summary.deviation / 2) - 0.764892328) < 1e-8);
}

TEST_CASE("one value has no spread, no interval and no p", "[study]") {
  const Summary one = summarise({2.5});
  CHECK(one.n == 1);
  CHECK(one.mean == 2.5);
  CHECK(std::isnan(one.deviation));
  CHECK(std::isnan(t_interval(one, 0.95).low));
  CHECK(std::isnan(t_interval(one, 0.95).high));
  CHECK(std::isnan(t_test_p(one)));
}

TEST_CASE("no value has no mean either", "[study]") {
  const Summary none = summarise({});
  CHECK(none.n == 0);
  CHECK(std::isnan(none.mean));
  CHECK(std::isnan(none.deviation));
  CHECK(std::isnan(t_interval(none, 0.95).low));
  CHECK(std::isnan(t_test_p(none)));
}

TEST_CASE("equal differences leave no doubt, unless they are zero", "[study]") {
  CHECK(t_test_p(summarise({0.5, 0.5, 0.5})) == 0);
  CHECK(t_test_p(summarise({0, 0, 0})) == 1);
  const Interval interval = t_interval(summarise({0.5, 0.5, 0.5}), 0.95);
  CHECK(interval.low == 0.5);
  CHECK(interval.high == 0.5);
}

TEST_CASE("the order of the values does not change a bit", "[study]") {
  std::vector<double> values = {0.1, 1e-9 / 3, -0.7, 1000.0 / 3, 0.3, -2e-5};
  const Summary first = summarise(values);
  bool order_matters = false;  // to a plain sum, so that this test is about something
  std::sort(values.begin(), values.end());
  const double plain = std::accumulate(values.begin(), values.end(), 0.0);
  do {
    const Summary summary = summarise(values);
    REQUIRE(summary.mean == first.mean);
    REQUIRE(summary.deviation == first.deviation);
    order_matters = order_matters || std::accumulate(values.begin(), values.end(), 0.0) != plain;
  } while (std::next_permutation(values.begin(), values.end()));
  CHECK(order_matters);
}

TEST_CASE("a value that is no number makes no number out of all", "[study]") {
  const Summary summary = summarise({1, std::nan(""), 2});
  CHECK(std::isnan(summary.mean));
  CHECK(std::isnan(t_interval(summary, 0.95).low));
  CHECK(std::isnan(t_test_p(summary)));
}
