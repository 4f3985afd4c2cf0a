#include "data/source.h"

#include "catch.h"
#include "data/zipf.h"
#include "helpers/sources.h"

using namespace ate;
using namespace ate::testing;

namespace {

std::vector<SourceConfig> sources_with_a_law() {
  std::vector<SourceConfig> configs;
  for (const SourceKind kind : {SourceKind::zipf_iid, SourceKind::zipf_markov, SourceKind::recall})
    configs.push_back(source_of(kind, 60, 1.2, 200'000));
  configs.push_back(configs[1]);
  configs.back().order = 2;
  return configs;
}

}  // namespace

TEST_CASE("the mean loss of the law itself on a long corpus is the entropy rate", "[data]") {
  for (const SourceConfig& config : sources_with_a_law()) {
    CAPTURE(enum_name(config.kind), config.order);
    const auto source = open_source(config);
    const Foretold foretold = foretell(*source, 0);
    // Given the past, each term has the mean 0, so the terms are uncorrelated: 4 standard errors.
    CHECK(std::abs(foretold.loss - foretold.entropy) < 4 * foretold.standard_error);
    // The entropy of the visited laws, whose mean over the stationary law is the rate; 1 % is 5 or more of the
    // standard errors measured over seeds.
    CHECK(std::abs(foretold.entropy - source->entropy().value()) < 0.01 * source->entropy().value());
    CHECK(foretold.standard_error < 0.005);
  }
}

TEST_CASE("the probabilities of every law add to 1", "[data]") {
  for (SourceConfig config : sources_with_a_law()) {
    CAPTURE(enum_name(config.kind), config.order);
    config.tokens = 2000;
    const auto source = open_source(config);
    const std::vector<int64_t> tokens = tokens_of(source->corpus(1));
    const std::vector<NextLaw> laws = laws_in(*source, tokens);
    CHECK(worst_sum(*source, laws) < 1e-13);
    for (const NextLaw& law : laws) CHECK(law.row < source->laws()->rows());
  }
}

TEST_CASE("a corpus is a pure function of config and seed, and a longer one begins with it", "[data]") {
  for (SourceConfig config : sources_with_a_law()) {
    CAPTURE(enum_name(config.kind), config.order);
    config.tokens = 3001;
    const std::vector<int32_t> tokens = make_corpus(config, 3).tokens;
    CHECK(tokens.size() == 3001);
    CHECK(make_corpus(config, 4).tokens != tokens);
    CHECK(make_corpus(config, 4294967295).tokens != tokens);
    config.tokens = 1000;
    const std::vector<int32_t> shorter = make_corpus(config, 3).tokens;
    CHECK(std::equal(shorter.begin(), shorter.end(), tokens.begin()));
    config.tokens = 3001;
    CHECK(make_corpus(config, 3).tokens == tokens);
  }
}

TEST_CASE("the same source is not made twice", "[data]") {
  SourceConfig config = source_of(SourceKind::zipf_markov, 30, 1, 100);
  const auto first = open_source(config);
  CHECK(open_source(config) == first);
  config.law_seed = 1;
  CHECK(open_source(config) != first);
}

TEST_CASE("independent draws have one law, the Zipf law", "[data]") {
  const auto source = open_source(source_of(SourceKind::zipf_iid, 40, 1.3, 100));
  const std::vector<double> p = zipf_probabilities(40, 1.3);
  const std::vector<int64_t> tokens = tokens_of(source->corpus(0));
  for (const NextLaw& law : laws_in(*source, tokens))
    for (int32_t x = 0; x < 40; ++x) CHECK(probability(*source->laws(), law, x) == p[static_cast<size_t>(x)]);
}

TEST_CASE("a corpus is read in parts as it is as a whole", "[data]") {
  const Corpus corpus = make_corpus(source_of(SourceKind::zipf_iid, 40, 1.3, 100), 0);
  CHECK(corpus.size() == 100);
  std::vector<int64_t> part(7);
  corpus.read(90, part);
  for (size_t i = 0; i < 7; ++i) CHECK(part[i] == corpus.tokens[90 + i]);
  std::vector<int64_t> counts(40);
  for (size_t i = 0; i < 30; ++i) ++counts[static_cast<size_t>(corpus.tokens[i])];
  CHECK(corpus.counts(30) == counts);
}
