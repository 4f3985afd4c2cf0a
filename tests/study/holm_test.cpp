#include <algorithm>
#include <cmath>

#include "catch.h"
#include "helpers/golden.h"
#include "study/statistics.h"

using namespace ate;
using namespace ate::testing;

TEST_CASE("Holm's p-values are those of closed testing", "[study]") {
  const auto golden = read_golden("statistics")["holm"];
  REQUIRE(golden.size() >= 7);
  for (const auto& row : golden) {
    INFO(row["case"].get<std::string>());
    const auto expected = row["adjusted"].get<std::vector<double>>();
    const std::vector<double> found = holm(row["p"].get<std::vector<double>>());
    REQUIRE(found.size() == expected.size());
    for (size_t i = 0; i < found.size(); ++i) CHECK(std::abs(found[i] - expected[i]) < 1e-15);
  }
}

TEST_CASE("Holm's p-values stay with their tests, whatever the order", "[study]") {
  const std::vector<double> p = {0.04, 0.0005, 0.3, 0.012, 0.9};
  const std::vector<double> adjusted = holm(p);
  std::vector<size_t> order = {4, 2, 0, 1, 3};
  do {
    std::vector<double> shuffled;
    for (const size_t i : order) shuffled.push_back(p[i]);
    const std::vector<double> found = holm(shuffled);
    for (size_t i = 0; i < order.size(); ++i) REQUIRE(found[i] == adjusted[order[i]]);
  } while (std::next_permutation(order.begin(), order.end()));
}

TEST_CASE("a test without a p stays without and does not count", "[study]") {
  const std::vector<double> found = holm({0.02, std::nan(""), 0.01});
  CHECK(found[0] == 0.02);
  CHECK(std::isnan(found[1]));
  CHECK(found[2] == 0.02);
  CHECK(std::isnan(holm({std::nan("")})[0]));
  CHECK(holm({}).empty());
}
