#include <cmath>

#include "catch.h"
#include "helpers/golden.h"
#include "study/statistics.h"

using namespace ate;
using namespace ate::testing;

TEST_CASE("the power of the t test is that of numerical integration", "[study]") {
  const auto golden = read_golden("statistics")["power"];
  REQUIRE(golden.size() >= 12);
  for (const auto& row : golden) {
    const auto effect = row["effect"].get<double>();
    CAPTURE(row["n"].get<int>(), effect);
    for (const double deviation : {1.0, 0.004}) {
      const double found = t_test_power(row["n"], deviation, effect * deviation, row["level"]);
      CHECK(std::abs(found - row["power"].get<double>()) < 1e-9);
      CHECK(t_test_power(row["n"], deviation, -effect * deviation, row["level"]) == found);
    }
  }
}

TEST_CASE("the smallest detectable effect is where integrated power reaches 80 %", "[study]") {
  const auto golden = read_golden("statistics")["detectable"];
  REQUIRE(golden.size() >= 11);
  for (const auto& row : golden) {
    const auto effect = row["effect"].get<double>();
    CAPTURE(row["n"].get<int>(), effect);
    const Summary summary{row["n"], -3.0, 0.02};  // the observed mean does not matter
    const double found = smallest_detectable(summary, row["level"], row["power"]);
    CHECK(std::abs(found - 0.02 * effect) < 1e-8 * effect);
  }
}

TEST_CASE("more seeds, less spread and a larger level detect smaller effects", "[study]") {
  const double effect = smallest_detectable({10, 0, 0.02}, 0.05, 0.8);
  CHECK(smallest_detectable({11, 0, 0.02}, 0.05, 0.8) < effect);
  CHECK(smallest_detectable({10, 0, 0.02}, 0.1, 0.8) < effect);
  CHECK(smallest_detectable({10, 0, 0.02}, 0.05, 0.9) > effect);
  CHECK(std::abs(smallest_detectable({10, 0, 0.04}, 0.05, 0.8) - 2 * effect) < 1e-12);
}

TEST_CASE("without a spread anything shows; with one seed nothing can be said", "[study]") {
  CHECK(smallest_detectable(summarise({0.5, 0.5}), 0.05, 0.8) == 0);
  CHECK(std::isnan(smallest_detectable(summarise({0.5}), 0.05, 0.8)));
  CHECK(std::isnan(smallest_detectable(summarise({}), 0.05, 0.8)));
  CHECK(std::isnan(smallest_detectable(summarise({0.5, std::nan("")}), 0.05, 0.8)));
}
