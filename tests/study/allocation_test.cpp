// How parameters are shared out over blocks, against what every allocation within the budget would give.
#include "study/allocation.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "catch.h"

using namespace ate;

namespace {

// Three blocks of an over-wide model of width 4.
std::vector<BlockSpectrum> blocks() {
  return {{2, 0.5, {9, 4}}, {5, 0.3, {8, 3, 2, 1}}, {30, 0.2, {6, 0.5, 0.2, 0.1}}};
}
const std::vector<int64_t> kTokens = {2, 5, 30};
constexpr int64_t kWidth = 4;

// The most energy that any widths within the budget keep.
double best_of_all(int64_t budget) {
  double best = 0;
  for (int64_t a = 1; a <= 2; ++a)
    for (int64_t b = 1; b <= 4; ++b)
      for (int64_t c = 1; c <= 4; ++c)
        if (parameters_of({a, b, c}, kTokens, kWidth) <= budget)
          best = std::max(best, energy_kept(blocks(), {a, b, c}));
  return best;
}

}  // namespace

TEST_CASE("a column costs a number for each token and one for each of the model's", "[study]") {
  CHECK(parameters_of({1, 2, 3}, kTokens, kWidth) == (2 + 4) + 2 * (5 + 4) + 3 * (30 + 4));
  CHECK(widest(2, 4) == 2);
  CHECK(widest(30, 4) == 4);
}

TEST_CASE("pruning keeps the energy that is worth most per parameter", "[study]") {
  const int64_t least = parameters_of({1, 1, 1}, kTokens, kWidth);
  CHECK(prune(blocks(), kWidth, least) == std::vector<int64_t>{1, 1, 1});
  CHECK(prune(blocks(), kWidth, least + 6) == std::vector<int64_t>{2, 1, 1});
  CHECK(prune(blocks(), kWidth, 1'000'000) == std::vector<int64_t>{2, 4, 4});
  for (int64_t budget = least; budget < 250; ++budget) {
    const std::vector<int64_t> widths = prune(blocks(), kWidth, budget);
    CHECK(parameters_of(widths, kTokens, kWidth) <= budget);
    // Greedy is not the best of all, but no more than one column's energy from it.
    CHECK(energy_kept(blocks(), widths) >= best_of_all(budget) - 4.0 / 33.8);
  }
  CHECK_THROWS_WITH(prune(blocks(), kWidth, least - 1),
                    "48 parameters do not pay for one column in each of 3 blocks: 49 do");
}

TEST_CASE("random widths stay within the budget, use it, and are uniform over the ways to share it",
          "[study]") {
  // Wide enough for the rounding to whole columns not to show.
  const std::vector<int64_t> tokens = {1000, 1000, 1000};
  constexpr int64_t kModel = 1000;
  const int64_t budget = 3 * 2000 * 200;
  std::vector<double> first;
  for (uint32_t draw = 0; draw < 2000; ++draw) {
    const std::vector<int64_t> widths = random_widths(tokens, kModel, budget, draw);
    const int64_t used = parameters_of(widths, tokens, kModel);
    CHECK(used <= budget);
    CHECK(used > budget - 2000);
    CHECK(*std::min_element(widths.begin(), widths.end()) >= 1);
    first.push_back(static_cast<double>(widths[0]));
  }
  // A share under the flat Dirichlet law of three has mean 1/3 and variance 1/18.
  const double n = static_cast<double>(first.size());
  const double mean = std::accumulate(first.begin(), first.end(), 0.0) / n;
  double variance = 0;
  for (const double x : first) variance += (x - mean) * (x - mean) / (n - 1);
  CHECK(mean == Approx(200).margin(4 * std::sqrt(variance / n)));
  CHECK(variance == Approx(597.0 * 597.0 / 18).epsilon(0.1));
  CHECK(random_widths(tokens, kModel, budget, 1) == random_widths(tokens, kModel, budget, 1));
  CHECK(random_widths(tokens, kModel, budget, 1) != random_widths(tokens, kModel, budget, 2));
}

TEST_CASE("what a block cannot use of a random budget goes to the others", "[study]") {
  for (uint32_t draw = 0; draw < 50; ++draw) {
    const std::vector<int64_t> widths =
        random_widths({1, 50, 400}, 32, 32 * (50 + 32) + 10 * (400 + 32) + 33, draw);
    CHECK(widths[0] == 1);
    CHECK(widths[1] <= 32);
    CHECK(widths[2] <= 32);
    CHECK(parameters_of(widths, {1, 50, 400}, 32) > 32 * 82 + 10 * 432 + 33 - 432);
  }
}

TEST_CASE("the power rule's widths fall with the tokens of a block, within the budget", "[study]") {
  const std::vector<int64_t> tokens = {4, 40, 400, 4000};
  // With room for all of c n^-1/2 at c = 64 (widths 32 but for the block's rank, 10, 3, 1), and no column more.
  const int64_t model = 64;
  const int64_t budget = parameters_of({4, 10, 3, 1}, tokens, model);
  CHECK(power_widths(tokens, model, budget, 0.5) == std::vector<int64_t>{4, 10, 3, 1});
  CHECK(power_widths(tokens, model, 1'000'000, 0.5) == std::vector<int64_t>{4, 40, 64, 64});
  // Without decay all are alike, but for a block's rank and what is left.
  CHECK(power_widths(tokens, model, parameters_of({4, 7, 7, 7}, tokens, model), 0) ==
        std::vector<int64_t>{4, 7, 7, 7});
  for (int64_t more = 5000; more < 300'000; more += 777) {
    const std::vector<int64_t> widths = power_widths(tokens, model, more, 0.3);
    CHECK(parameters_of(widths, tokens, model) <= more);
    for (size_t i = 0; i + 1 < tokens.size(); ++i)
      CHECK(widths[i] >= std::min(widest(tokens[i], model), widths[i + 1]));
  }
  CHECK_THROWS_WITH(power_widths(tokens, model, 10, 0.3), Catch::Contains("do not pay for one column"));
}

TEST_CASE("one width for all within the budget", "[study]") {
  CHECK(uniform_width({2, 5, 30}, 4, 41 * 3 + 40) == 3);
  CHECK(uniform_width({2, 5, 30}, 4, 1'000'000) == 4);
}
