#include "data/corpus.h"

#include <algorithm>

#include "catch.h"
#include "data/zipf.h"
#include "helpers/statistics.h"
#include "random/counter.h"

using namespace ate;
using namespace ate::testing;

namespace {

SourceConfig source(int64_t vocabulary, double exponent, int64_t tokens) {
  SourceConfig config;
  config.vocabulary = vocabulary;
  config.exponent = exponent;
  config.tokens = tokens;
  return config;
}

double frequency_chi_square(const Corpus& corpus, const SourceConfig& config) {
  std::vector<double> counts(static_cast<size_t>(config.vocabulary));
  for (const int32_t token : corpus.tokens) ++counts.at(static_cast<size_t>(token));
  std::vector<double> expected = zipf_probabilities(config.vocabulary, config.exponent);
  for (double& e : expected) e *= static_cast<double>(corpus.tokens.size());
  return chi_square(counts, expected);
}

}  // namespace

TEST_CASE("a corpus is a pure function of its seed", "[data]") {
  const SourceConfig config = source(200, 1.4, 5000);
  CHECK(make_corpus(config, 3).tokens == make_corpus(config, 3).tokens);
  CHECK(make_corpus(config, 3).tokens != make_corpus(config, 4).tokens);
  // All 32 bits of the seed count.
  CHECK(make_corpus(config, 0).tokens != make_corpus(config, 4294967295).tokens);
}

TEST_CASE("a longer corpus begins with the shorter one", "[data]") {
  const std::vector<int32_t> longer = make_corpus(source(200, 1.4, 5000), 0).tokens;
  for (const int64_t length : {2, 3, 100, 101}) {
    const std::vector<int32_t> shorter = make_corpus(source(200, 1.4, length), 0).tokens;
    CHECK(std::equal(shorter.begin(), shorter.end(), longer.begin()));
    CHECK(static_cast<int64_t>(shorter.size()) == length);
  }
}

TEST_CASE("each token is the inverse of its law at a counted uniform number", "[data]") {
  const SourceConfig config = source(50, 1.1, 301);
  const std::vector<double> p = zipf_probabilities(50, 1.1);
  const std::vector<int32_t> tokens = make_corpus(config, 9).tokens;
  for (size_t i = 0; i < tokens.size(); ++i) {
    const double u = unit_interval(word64(random_block({9, 0}, Purpose::corpus, 0, 0, i / 2), i % 2));
    int32_t expected = 0;
    for (double below = p[0]; below <= u; below += p[static_cast<size_t>(expected)]) ++expected;
    CHECK(tokens[i] == expected);
  }
}

TEST_CASE("tokens follow their law", "[data]") {
  for (const auto& [vocabulary, exponent] : {std::pair{200, 1.4}, {500, 1.3}, {30, 0.0}}) {
    CAPTURE(vocabulary, exponent);
    const SourceConfig config = source(vocabulary, exponent, 200'000);
    const double chi = frequency_chi_square(make_corpus(config, 1), config);
    CHECK(chi < chi_square_limit(vocabulary - 1));
    // The same counts against a slightly other law: the test has power.
    CHECK(frequency_chi_square(make_corpus(config, 1), source(vocabulary, exponent + 0.1, 1)) >
          10 * chi_square_limit(vocabulary - 1));
  }
}

TEST_CASE("neighbouring tokens are independent", "[data]") {
  const SourceConfig config = source(5, 0.5, 100'000);
  const std::vector<int32_t> tokens = make_corpus(config, 2).tokens;
  const std::vector<double> p = zipf_probabilities(5, 0.5);
  std::vector<double> counts(25);
  std::vector<double> expected;
  for (size_t i = 0; i + 1 < tokens.size(); i += 2)
    ++counts.at(static_cast<size_t>(tokens[i] * 5 + tokens[i + 1]));
  for (const double a : p)
    for (const double b : p) expected.push_back(a * b * 50'000);
  CHECK(chi_square(counts, expected) < chi_square_limit(24));
}

TEST_CASE("the corpus is cut once, training first", "[data]") {
  SourceConfig config = source(20, 1, 1000);
  config.train_share = 0.85;
  const Corpus corpus = make_corpus(config, 0);
  CHECK(corpus.vocabulary == 20);
  CHECK(corpus.training == 850);
  REQUIRE(corpus.training_part().size() == 850);
  REQUIRE(corpus.validation_part().size() == 150);
  CHECK(&corpus.training_part().front() == &corpus.tokens.front());
  CHECK(&corpus.validation_part().front() == &corpus.tokens[850]);
  CHECK(corpus.entropy == source_entropy(config));
}
