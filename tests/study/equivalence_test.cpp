#include <cmath>

#include "catch.h"
#include "helpers/golden.h"
#include "study/statistics.h"

using namespace ate;
using namespace ate::testing;

TEST_CASE("equivalence p-values are the larger of SciPy's two one-sided tests", "[study]") {
  const auto golden = read_golden("statistics")["paired"];
  for (const auto& row : golden) {
    INFO(row["case"].get<std::string>());
    const Summary summary = summarise(row["differences"].get<std::vector<double>>());
    // The spread of ten_offset has lost six digits before anyone computes.
    const double tolerance = row["case"] == "ten_offset" ? 1e-3 : 1e-9;
    for (const auto& test : row["equivalence"]) {
      const auto p = test["p"].get<double>();
      CHECK(std::abs(equivalence_p(summary, test["margin"]) - p) <= tolerance * p);
    }
  }
}

TEST_CASE("equivalence at 5 % is a 90 % interval inside the margin", "[study]") {
  const Summary summary = summarise({0.01, -0.02, 0.04, 0.03, -0.01});
  const Interval interval = t_interval(summary, 0.9);
  const double farther = std::max(std::abs(interval.low), std::abs(interval.high));
  CHECK(std::abs(equivalence_p(summary, farther) - 0.05) < 1e-12);
  CHECK(equivalence_p(summary, 1.01 * farther) < 0.05);
  CHECK(equivalence_p(summary, 0.99 * farther) > 0.05);
}

TEST_CASE("equivalence knows no direction, and a margin of 0 takes nothing in", "[study]") {
  const Summary up = summarise({0.01, 0.02, 0.04});
  const Summary down = summarise({-0.01, -0.02, -0.04});
  CHECK(std::abs(equivalence_p(up, 0.05) - equivalence_p(down, 0.05)) < 1e-12);
  CHECK(equivalence_p(up, 0) > 0.5);
  CHECK(equivalence_p(summarise({-1, 1}), 0) == 0.5);
}

TEST_CASE("without a spread equivalence is certain or impossible; without numbers it is none", "[study]") {
  CHECK(equivalence_p(summarise({0.5, 0.5}), 0.6) == 0);
  CHECK(equivalence_p(summarise({-0.5, -0.5}), 0.4) == 1);
  CHECK(equivalence_p(summarise({0.5, 0.5}), 0.5) == 1);
  CHECK(equivalence_p(summarise({0, 0}), 0) == 1);
  CHECK(std::isnan(equivalence_p(summarise({0.5}), 1)));
  CHECK(std::isnan(equivalence_p(summarise({0.5, std::nan("")}), 1)));
  CHECK(std::isnan(equivalence_p(summarise({0.5, 0.6}), std::nan(""))));
}
