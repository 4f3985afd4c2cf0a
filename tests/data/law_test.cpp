#include "data/law.h"

#include <cmath>

#include "catch.h"

using namespace ate;

namespace {

// Two rows that are given whole, two by their tokens.
LawTable table() {
  LawTable table;
  table.vocabulary = 3;
  table.add_dense({0.5, 0.25, 0.25});
  table.add_dense({0, 1, 0});
  table.first = {0, 2, 3};
  table.token = {0, 2, 1};
  table.probability = {0.75, 0.25, 1};
  table.entropy.insert(table.entropy.end(), {0.75 * std::log(4.0 / 3) + 0.25 * std::log(4.0), 0});
  return table;
}

double summed_entropy(const LawTable& table, const NextLaw& law) {
  double sum = 0;
  for (int32_t x = 0; x < table.vocabulary; ++x) {
    const double p = probability(table, law, x);
    if (p > 0) sum -= p * std::log(p);
  }
  return sum;
}

}  // namespace

TEST_CASE("rows are looked up whole or by their tokens", "[data]") {
  const LawTable t = table();
  CHECK(t.dense_rows() == 2);
  CHECK(t.rows() == 4);
  const double expected[4][3] = {{0.5, 0.25, 0.25}, {0, 1, 0}, {0.75, 0, 0.25}, {0, 1, 0}};
  for (int64_t row = 0; row < 4; ++row)
    for (int32_t x = 0; x < 3; ++x) CHECK(t.probability_of(row, x) == expected[row][x]);
}

TEST_CASE("a law mixes its row with the certainty of a token", "[data]") {
  const LawTable t = table();
  const NextLaw law = {0, 0.2, 1};
  CHECK(std::abs(probability(t, law, 0) - 0.4) < 1e-15);
  CHECK(std::abs(probability(t, law, 1) - 0.4) < 1e-15);
  CHECK(std::abs(probability(t, law, 2) - 0.2) < 1e-15);
  CHECK(probability(t, {0, 1, 2}, 2) == 1);
  CHECK(probability(t, {0, 1, 2}, 0) == 0);
}

TEST_CASE("the entropy of a law is the sum over its tokens", "[data]") {
  const LawTable t = table();
  for (int64_t row = 0; row < 4; ++row)
    for (const double weight : {0.0, 0.1, 0.5, 0.999, 1.0})
      for (int32_t token = 0; token < 3; ++token) {
        CAPTURE(row, weight, token);
        const NextLaw law = {row, weight, token};
        CHECK(std::abs(entropy_nats(t, law) - summed_entropy(t, law)) < 1e-14);
      }
  CHECK(std::abs(entropy_nats(t, {0, 0.2, 1}) - (0.8 * std::log(2.5) + 0.2 * std::log(5.0))) < 1e-14);
}
