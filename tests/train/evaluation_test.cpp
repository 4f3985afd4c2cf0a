// What a trial's evaluation says: loss, exact excess loss, both by band.
#include <cmath>

#include "catch.h"
#include "data/bands.h"
#include "data/source.h"
#include "data/zipf.h"
#include "helpers/errors.h"
#include "helpers/temporary_folder.h"
#include "helpers/tiny.h"
#include "helpers/trials.h"

using namespace ate;
using namespace ate::testing;

namespace {

Evaluation trained(const Config& config, Arm arm = Arm::standard) {
  Trial trial = make_trial(config, arm);
  while (!trial.ended()) trial.advance();
  return trial.progress().evaluations.back();
}

Config learner(SourceKind kind) {
  Config config = tiny_encoder();
  config.source.kind = kind;
  config.source.tokens = 24'000;
  config.windows = {8, 16, 60};
  config.body.width = 16;
  config.body.init = Init::framework;
  config.schedule.epochs = 8;
  config.schedule.decay = Decay::constant;
  return config;
}

double banded(const Evaluation& e) {
  double sum = 0;
  for (const BandScore& band : e.bands) sum += static_cast<double>(band.targets) * band.loss;
  return sum / static_cast<double>(e.targets);
}

}  // namespace

TEST_CASE("the bands' losses make up the whole loss", "[train]") {
  for (const Config& config : {tiny_bag(), tiny_encoder()})
    for (const Arm& arm : {Arm::standard, Arm::bespoke}) {
      const Evaluation e = trained(config, arm);
      int64_t targets = 0;
      for (const BandScore& band : e.bands) targets += band.targets;
      CHECK(targets == e.targets);
      CHECK(std::abs(banded(e) - e.loss) < 1e-12);
      // Rare tokens cost more.
      CHECK(e.bands[0].loss < e.bands[2].loss);
    }
}

TEST_CASE("targets are counted in the band of their token", "[train]") {
  const Config config = tiny_bag();
  const Corpus corpus = make_corpus(config.source, 0);
  const Bands bands = make_bands(config.bands, corpus);
  const Evaluation e = trained(config);
  for (size_t band = 0; band < 3; ++band) {
    int64_t expected = 0;
    for (size_t i = static_cast<size_t>(corpus.training) + 6; i < corpus.tokens.size(); ++i)
      for (const int32_t token : bands.members.at(band)) expected += corpus.tokens[i] == token;
    CHECK(e.bands.at(band).targets == expected);
  }
}

TEST_CASE("a band may be empty for an arm that has no bands", "[train]") {
  Config config = tiny_bag();
  config.bands.high = 0;
  const Evaluation e = trained(config);
  CHECK(e.bands[0].targets == 0);
  CHECK(e.bands[0].loss == 0);
  CHECK(!e.bands[0].excess);
  CHECK(e.bands[1].excess);
}

TEST_CASE("the excess of independent draws is the loss expected less the entropy", "[train]") {
  // On a bag's many targets the loss is near its expectation, which the excess knows exactly.
  Config config = tiny_bag();
  config.source.tokens = 40'000;
  const Evaluation e = trained(config);
  const double entropy = source_entropy(config.source).value();
  REQUIRE(e.excess);
  CHECK(e.excess.value() > 0);
  CHECK(std::abs(e.loss - entropy - e.excess.value()) < 4 * e.standard_error);
  double weighed = 0;
  const std::vector<double> p = zipf_probabilities(20, 1.1);
  const Bands bands = make_bands(config.bands, make_corpus(config.source, 0));
  for (size_t band = 0; band < 3; ++band)
    for (const int32_t token : bands.members.at(band))
      weighed += p[static_cast<size_t>(token)] * e.bands.at(band).excess.value();
  CHECK(std::abs(weighed - e.excess.value()) < 1e-9);
}

TEST_CASE("an honest model learns each source and stays above its floor", "[train]") {
  struct Case {
    SourceKind kind;
    int64_t order;
    double unigram_share;  // of the excess of the unigram law, at most
  };
  for (const Case& c : {Case{SourceKind::zipf_markov, 1, 0.2}, {SourceKind::recall, 1, 0.9}}) {
    CAPTURE(enum_name(c.kind), c.order);
    Config config = learner(c.kind);
    config.source.keys = 2;
    config.source.values = 4;
    config.source.distance = 12;
    const Evaluation e = trained(config);
    const double floor = source_entropy(config.source).value();
    REQUIRE(e.excess);
    CHECK(e.excess.value() > 0);
    CHECK(e.loss > floor - 3 * e.standard_error);
    // Learning the past pays: the excess is below what the best guess without it has.
    const Corpus corpus = make_corpus(config.source, 0);
    std::vector<double> unigram(20);
    for (const int32_t token : corpus.tokens) unigram[static_cast<size_t>(token)] += 1.0 / 24'000;
    CHECK(e.excess.value() < c.unigram_share * (entropy_nats(unigram) - floor));
  }
}

TEST_CASE("on a uniform source the loss goes to log V, and the excess to nothing", "[train]") {
  Config config = learner(SourceKind::zipf_iid);
  config.source.exponent = 0;
  for (const Arm& arm : {Arm::standard, Arm::bespoke}) {
    const Evaluation e = trained(config, arm);
    CHECK(std::abs(e.loss - std::log(20)) < 4 * e.standard_error + e.excess.value());
    CHECK(e.loss > std::log(20) - 3 * e.standard_error);
    CHECK(e.excess.value() < 0.05);
    CHECK(e.excess.value() > 0);
  }
}

TEST_CASE("a text has losses by band and no excess", "[train]") {
  const TemporaryFolder folder;
  std::string text;
  for (int i = 0; text.size() < 3000; ++i) text += "the " + std::to_string(i * i) + " of\n";
  Config config = tiny_encoder();
  config.source = {SourceKind::text, 256, 1, static_cast<int64_t>(text.size()), 0.75};
  config.source.file = folder.write("a.txt", text).string();
  const Evaluation e = trained(config, Arm::bespoke);
  CHECK(!e.excess);
  for (const BandScore& band : e.bands) CHECK(!band.excess);
  CHECK(std::abs(banded(e) - e.loss) < 1e-12);
}

TEST_CASE("the excess of a model that sees its targets is large, not small", "[train]") {
  Config config = learner(SourceKind::zipf_iid);
  config.body.causal = false;
  const Evaluation e = trained(config);
  const double floor = source_entropy(config.source).value();
  CHECK(e.loss < floor - 0.5);
  CHECK(e.excess.value() > 1);
}
