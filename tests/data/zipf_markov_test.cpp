#include "data/zipf_markov.h"

#include "catch.h"
#include "data/zipf.h"
#include "helpers/sources.h"
#include "helpers/statistics.h"

using namespace ate;
using namespace ate::testing;

namespace {

SourceConfig markov(int64_t order, int64_t vocabulary, double exponent, int64_t tokens = 100) {
  SourceConfig config = source_of(SourceKind::zipf_markov, vocabulary, exponent, tokens);
  config.order = order;
  return config;
}

using Matrix = std::vector<std::vector<double>>;

Matrix matrix_of(const MarkovChain& chain) {
  Matrix matrix(chain.states(), std::vector<double>(chain.states()));
  for (size_t i = 0; i < chain.states(); ++i)
    for (size_t k = 0; k < chain.tokens_after(i).size(); ++k)
      matrix[i][static_cast<size_t>(chain.tokens_after(i)[k])] = chain.probabilities_after(i)[k];
  return matrix;
}

// How many states can be reached from state 0.
size_t reached(const Matrix& p) {
  std::vector<bool> seen(p.size());
  std::vector<size_t> open = {0};
  seen[0] = true;
  size_t count = 1;
  while (!open.empty()) {
    const size_t i = open.back();
    open.pop_back();
    for (size_t j = 0; j < p.size(); ++j)
      if (p[i][j] > 0 && !seen[j]) {
        seen[j] = true;
        ++count;
        open.push_back(j);
      }
  }
  return count;
}

}  // namespace

TEST_CASE("the chain's stationary law is the Zipf law, by detailed balance", "[data]") {
  for (const auto& [vocabulary, exponent] :
       {std::pair{500, 1.3}, {1000, 1.2}, {200, 1.4}, {100, 0.0}, {2, 1.0}, {3, 20.0}})
    for (const int64_t order : {1, 2})
      for (const int64_t neighbours : {1, 4, 30}) {
        CAPTURE(vocabulary, exponent, order, neighbours);
        SourceConfig config = markov(order, vocabulary, exponent);
        config.neighbours = neighbours;
        const ZipfMarkov source(config);
        const std::vector<double> zipf = zipf_probabilities(vocabulary, exponent);
        CHECK(source.stationary() == zipf);
        REQUIRE(static_cast<int64_t>(source.chains().size()) == order);
        for (const MarkovChain& chain : source.chains()) {
          const Matrix p = matrix_of(chain);
          double row_error = 0;
          double balance_error = 0;
          double stationary_error = 0;
          double least = 1;
          for (size_t j = 0; j < p.size(); ++j) {
            double inflow = 0;
            double row = 0;
            for (size_t i = 0; i < p.size(); ++i) {
              inflow += zipf[i] * p[i][j];
              row += p[j][i];
              least = std::min(least, p[i][j]);
              balance_error = std::max(balance_error, std::abs(zipf[i] * p[i][j] - zipf[j] * p[j][i]));
            }
            row_error = std::max(row_error, std::abs(row - 1));
            stationary_error = std::max(stationary_error, std::abs(inflow - zipf[j]));
          }
          CHECK(row_error < 1e-13);
          CHECK(balance_error < 1e-15);
          CHECK(stationary_error < 1e-13);
          CHECK(least >= 0);
          CHECK(reached(p) == p.size());
        }
      }
}

TEST_CASE("a chain moves, even from its most frequent token, and is easier to foretell than its law",
          "[data]") {
  for (const int64_t law_seed : {0, 1, 2}) {
    SourceConfig config = markov(1, 500, 1.3);
    config.law_seed = law_seed;
    const ZipfMarkov source(config);
    const Matrix p = matrix_of(source.chains()[0]);
    double stays = 0;
    double most = 0;
    for (size_t i = 0; i < p.size(); ++i) {
      stays += source.stationary()[i] * p[i][i];
      most = std::max(most, p[i][i]);
    }
    CAPTURE(law_seed, stays, most);
    CHECK(stays < 0.05);
    CHECK(most < 0.12);
    CHECK(source.entropy().value() < 0.7 * entropy_nats(source.stationary()));
    CHECK(source.entropy().value() > 0.5 * entropy_nats(source.stationary()));
  }
}

TEST_CASE("more neighbours bring the entropy rate nearer to that of independent draws", "[data]") {
  SourceConfig config = markov(1, 300, 1.2);
  double before = 0;
  for (const int64_t neighbours : {2, 4, 8, 16, 64}) {
    config.neighbours = neighbours;
    const double rate = ZipfMarkov(config).entropy().value();
    CHECK(rate > before);
    before = rate;
  }
  CHECK(before < entropy_nats(zipf_probabilities(300, 1.2)));
}

TEST_CASE("at order 2 adjacent tokens are independent, and the entropy rate is that of the triple's law",
          "[data]") {
  const ZipfMarkov source(markov(2, 30, 1.1));
  const std::vector<double>& zipf = source.stationary();
  const Matrix p[] = {matrix_of(source.chains()[0]), matrix_of(source.chains()[1])};
  CHECK(p[0] != p[1]);
  double error = 0;
  double entropy = 0;  // H(x | a, b) over the law of the triple
  for (size_t b = 0; b < 30; ++b)
    for (size_t x = 0; x < 30; ++x) {
      double pair = 0;
      for (size_t a = 0; a < 30; ++a) {
        const double triple = zipf[a] * zipf[b] * p[b % 2][a][x];
        pair += triple;
        if (triple > 0) entropy -= triple * std::log(p[b % 2][a][x]);
      }
      error = std::max(error, std::abs(pair - zipf[b] * zipf[x]));
    }
  CHECK(error < 1e-15);
  CHECK(std::abs(entropy - source.entropy().value()) < 1e-12);
  // Two tokens tell much that one does not.
  CHECK(source.entropy().value() < 0.8 * entropy_nats(zipf));
}

TEST_CASE("at order 1 the entropy rate is that of the pair's law", "[data]") {
  const ZipfMarkov source(markov(1, 30, 1.1));
  const Matrix p = matrix_of(source.chains()[0]);
  double entropy = 0;
  for (size_t b = 0; b < 30; ++b)
    for (size_t x = 0; x < 30; ++x)
      if (p[b][x] > 0) entropy -= source.stationary()[b] * p[b][x] * std::log(p[b][x]);
  CHECK(std::abs(entropy - source.entropy().value()) < 1e-12);
}

TEST_CASE("laws of a window are the chain's rows for what the window shows", "[data]") {
  for (const int64_t order : {1, 2}) {
    CAPTURE(order);
    const ZipfMarkov source(markov(order, 20, 1, 400));
    std::vector<Matrix> p;
    for (const MarkovChain& chain : source.chains()) p.push_back(matrix_of(chain));
    const std::vector<int64_t> tokens = tokens_of(source.corpus(2));
    const std::vector<int64_t> window(tokens.begin() + 50, tokens.begin() + 90);
    const std::vector<NextLaw> laws = laws_in(source, window);
    for (size_t t = 0; t < laws.size(); ++t)
      for (int32_t x = 0; x < 20; ++x) {
        const auto to = static_cast<size_t>(x);
        const auto b = static_cast<size_t>(window[t]);
        double expected = source.stationary()[to];  // order 2 and one token seen
        if (order == 1) expected = p[0][b][to];
        if (order == 2 && t > 0) expected = p[b % 2][static_cast<size_t>(window[t - 1])][to];
        CHECK(probability(*source.laws(), laws[t], x) == expected);
      }
  }
}

TEST_CASE("every token has the Zipf law, from the first on", "[data]") {
  constexpr int kSeeds = 20'000;
  const std::vector<double> zipf = zipf_probabilities(12, 1);
  for (const int64_t order : {1, 2}) {
    const ZipfMarkov source(markov(order, 12, 1, 6));
    std::vector<std::vector<double>> counts(6, std::vector<double>(12));
    for (int seed = 0; seed < kSeeds; ++seed) {
      const std::vector<int32_t> tokens = source.corpus(seed).tokens;
      for (size_t i = 0; i < 6; ++i) ++counts[i][static_cast<size_t>(tokens[i])];
    }
    std::vector<double> expected = zipf;
    for (double& e : expected) e *= kSeeds;
    for (size_t i = 0; i < 6; ++i) {
      CAPTURE(order, i);
      CHECK(chi_square(counts[i], expected) < chi_square_limit(11));
    }
  }
}

TEST_CASE("a corpus follows its transition probabilities", "[data]") {
  for (const int64_t order : {1, 2}) {
    CAPTURE(order);
    const ZipfMarkov source(markov(order, 6, 0.7, 200'000));
    const std::vector<int32_t> tokens = source.corpus(5).tokens;
    const auto lag = static_cast<size_t>(order);
    for (size_t k = 0; k < source.chains().size(); ++k) {
      const Matrix p = matrix_of(source.chains()[k]);
      Matrix counts(6, std::vector<double>(6));
      for (size_t i = lag; i < tokens.size(); ++i) {
        const bool moves = order == 1 || static_cast<size_t>(tokens[i - 1]) % 2 == k;
        if (moves) ++counts[static_cast<size_t>(tokens[i - lag])][static_cast<size_t>(tokens[i])];
      }
      for (size_t a = 0; a < 6; ++a) {
        double from = 0;
        for (const double count : counts[a]) from += count;
        std::vector<double> seen;
        std::vector<double> expected;
        for (size_t x = 0; x < 6; ++x) {
          if (p[a][x] == 0) CHECK(counts[a][x] == 0);
          if (p[a][x] * from < 5) continue;
          seen.push_back(counts[a][x]);
          expected.push_back(p[a][x] * from);
        }
        CHECK(chi_square(seen, expected) < chi_square_limit(static_cast<double>(seen.size())));
      }
    }
  }
}

TEST_CASE("all seeds of a study draw from one law, which its own seed sets", "[data]") {
  SourceConfig config = markov(1, 40, 1, 2000);
  const ZipfMarkov source(config);
  const Matrix p = matrix_of(source.chains()[0]);
  for (const int64_t seed : {0, 1, 2}) {
    const std::vector<int32_t> tokens = source.corpus(seed).tokens;
    for (size_t i = 1; i < tokens.size(); ++i)
      REQUIRE(p[static_cast<size_t>(tokens[i - 1])][static_cast<size_t>(tokens[i])] > 0);
  }
  config.law_seed = 1;
  CHECK(matrix_of(ZipfMarkov(config).chains()[0]) != p);
  config.law_seed = 0;
  CHECK(matrix_of(ZipfMarkov(config).chains()[0]) == p);
}
