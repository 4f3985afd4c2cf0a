#include "data/zipf.h"

#include <cmath>
#include <numeric>

#include "catch.h"
#include "data/corpus.h"
#include "helpers/golden.h"

using namespace ate;
using namespace ate::testing;

TEST_CASE("probabilities of ranks fall as rank to the power of -s", "[data]") {
  const std::vector<double> p = zipf_probabilities(200, 1.4);
  REQUIRE(p.size() == 200);
  for (size_t i = 1; i < p.size(); ++i)
    CHECK(std::abs(p[i] / p[0] * std::pow(static_cast<double>(i + 1), 1.4) - 1) < 1e-13);
  const std::vector<double> two = zipf_probabilities(2, 1);
  CHECK(std::abs(two[0] - 2.0 / 3) < 1e-15);
  CHECK(std::abs(two[1] - 1.0 / 3) < 1e-15);
}

TEST_CASE("probabilities add to 1 within a few units in the last place", "[data]") {
  for (const auto& [v, s] : {std::pair{200, 1.4}, {500, 1.3}, {1000, 1.2}, {1000, 0.0}, {100'000, 1.1}}) {
    CAPTURE(v, s);
    const std::vector<double> p = zipf_probabilities(v, s);
    long double sum = 0;
    for (const double x : p) sum += x;
    CHECK(std::abs(static_cast<double>(sum - 1)) < 1e-15);
  }
}

TEST_CASE("exponent 0 is the uniform law", "[data]") {
  for (const double p : zipf_probabilities(7, 0)) CHECK(p == 1.0 / 7);
  CHECK(std::abs(entropy_nats(zipf_probabilities(1000, 0)) - std::log(1000)) < 1e-13);
}

TEST_CASE("entropies agree with exact summation in another language", "[data]") {
  const auto golden = read_golden("statistics")["zipf_entropy"];
  REQUIRE(golden.size() >= 6);
  for (const auto& law : golden) {
    CAPTURE(law);
    const double entropy = entropy_nats(zipf_probabilities(law["vocabulary"], law["exponent"]));
    CHECK(std::abs(entropy - law["nats"].get<double>()) < 1e-13);
  }
}

TEST_CASE("the presets' sources have the entropies that are known for them", "[data]") {
  SourceConfig source;
  const auto entropy = [&](int64_t vocabulary, double exponent) {
    source.vocabulary = vocabulary;
    source.exponent = exponent;
    return source_entropy(source).value();
  };
  CHECK(std::abs(entropy(200, 1.4) - 2.9483) < 1e-4);
  CHECK(std::abs(entropy(500, 1.3) - 3.5537) < 1e-4);
  CHECK(std::abs(entropy(1000, 1.2) - 4.2275) < 1e-4);
}

TEST_CASE("an impossible outcome adds nothing to the entropy", "[data]") {
  CHECK(entropy_nats({1, 0}) == 0);
  CHECK(entropy_nats({0.5, 0.5, 0}) == std::log(2));
}
