// What tables each arm has, by hand: V = 20, d = 16, bands of 4, 10 and 6 tokens, factors 1.5, 1 and .5, no bias.
#include "helpers/arms.h"

#include "catch.h"
#include "helpers/errors.h"
#include "model/embedding_plan.h"
#include "model/layout.h"

using namespace ate;
using namespace ate::testing;

namespace {

Bands some_bands() {
  Bands bands;
  for (int32_t token = 0; token < 20; ++token) {
    bands.members.at(token < 4 ? 0 : token < 14 ? 1 : 2).push_back(token);
    bands.ranked.push_back(token);
    bands.counts.push_back(token < 4 ? 40 : token < 14 ? 10 : 5);
  }
  return bands;
}

// "rows x width" of each block, "p" where it is projected: "4x24p 10x16 6x8p".
std::string tables_of(const EmbeddingPlan& plan) {
  std::string text;
  for (const EmbeddingBlock& block : plan.blocks)
    text += (text.empty() ? "" : " ") + std::to_string(block.rows) + "x" + std::to_string(block.width) +
            (block.projected ? "p" : "");
  return text;
}
std::string tables_of(const Config& config, Arm arm) {
  return tables_of(plan_embedding(config, arm, some_bands()));
}
std::string tables_of(Arm arm) { return tables_of(config_for_all_arms(), arm); }

int64_t parameters_of(const Config& config, Arm arm) {
  return make_layout(config, plan_embedding(config, arm, some_bands())).parameters;
}

std::string complaint(const Config& config, Arm arm) {
  return complaint_of<BadInput>([&] { plan_embedding(config, arm, some_bands()); });
}

}  // namespace

TEST_CASE("each arm has the tables that it is named for", "[model]") {
  Config config = config_for_all_arms();
  config.embedding.rank = 0.25;
  CHECK(tables_of(Arm::standard) == "20x16");
  CHECK(tables_of(Arm::aa) == "20x16");
  CHECK(tables_of(Arm::tied) == "20x16");
  CHECK(tables_of(Arm::bespoke) == "4x24p 10x16 6x8p");
  CHECK(tables_of(Arm::random_band) == "4x24p 10x16 6x8p");
  CHECK(tables_of(Arm("reversed")) == "4x8p 10x16 6x24p");
  CHECK(tables_of(Arm("uniform_projected")) == "20x24p");
  CHECK(tables_of(config, Arm("factorised")) == "20x4p");
  CHECK(tables_of(Arm("adaptive")) == "4x16p 10x4p 6x1p");  // the first band is projected too
  CHECK(tables_of(Arm::known_worse) == "20x8p");
}

TEST_CASE("one table as wide as the model is not projected", "[model]") {
  Config config = config_for_all_arms();
  config.embedding.high = 1;
  config.embedding.rank = 1;
  CHECK(tables_of(config, Arm("uniform_projected")) == "20x16");
  CHECK(tables_of(config, Arm("factorised")) == "20x16");
}

TEST_CASE("projections have a bias where the config asks for it", "[model]") {
  Config config = config_for_all_arms();
  for (const bool bias : {false, true})
    for (const Arm& arm : all_arms()) {
      config.embedding.projection_bias = bias;
      for (const EmbeddingBlock& block : plan_embedding(config, arm, some_bands()).blocks)
        CHECK(block.bias == (bias && block.projected));
    }
}

TEST_CASE("only the tied arm is tied, and has no head of its own", "[model]") {
  const Config config = config_for_all_arms();
  for (const Arm& arm : all_arms())
    CHECK(plan_embedding(config, arm, {some_bands()}).tied == (arm == Arm::tied));
  CHECK(parameters_of(config, Arm::standard) - parameters_of(config, Arm::tied) == 20 * 16);
  const Layout layout = make_layout(config, plan_embedding(config, Arm::tied, {}));
  CHECK_THROWS_AS(layout.at("head.weight"), std::out_of_range);
  CHECK(layout.at("head.bias").count() == 20);
}

TEST_CASE("every token has a row of its own in every arm", "[model]") {
  for (const Tables tables : {Tables::band, Tables::vocabulary})
    for (const Arm& arm : all_arms()) {
      Config config = config_for_all_arms();
      config.embedding.tables = tables;
      if (tables == Tables::vocabulary && arm == Arm("param_matched")) continue;  // see below
      const EmbeddingPlan plan = plan_embedding(config, arm, some_bands());
      CAPTURE(enum_name(arm));
      int64_t rows = plan.noise_rows;
      for (const EmbeddingBlock& block : plan.blocks) rows += block.live_rows();
      CHECK(rows == 20);
      std::vector<int> times(20);
      for (size_t token = 0; token < 20; ++token)
        ++times.at(plan.row_of.empty() ? token : static_cast<size_t>(plan.row_of[token]));
      CHECK(times == std::vector<int>(20, 1));
    }
}

TEST_CASE("blocks of equal occurrence narrow as they hold more tokens", "[model]") {
  // 290 occurrences; quarters end at 72.5, 145, 217.5: tokens 0 and 1 begin in the first, 2 and 3 in the second,
  // 4 to 9 in the third, the others in the last.
  Config config = config_for_all_arms();
  config.embedding.decay = 0.5;
  // Widths 24 * (n / 2)^-.5: 24, 24, 13.86, 10.73.
  CHECK(tables_of(config, Arm("mixed_dim")) == "2x24p 2x24p 6x13p 10x10p");
  config.embedding.decay = 0;
  CHECK(tables_of(config, Arm("mixed_dim")) == "2x24p 2x24p 6x24p 10x24p");
  config.embedding.decay = 10;  // never narrower than one column
  CHECK(tables_of(config, Arm("mixed_dim")) == "2x24p 2x24p 6x1p 10x1p");
}

TEST_CASE("a token that fills several shares leaves no empty block, and a smaller block is not wider",
          "[model]") {
  Config config = config_for_all_arms();
  config.embedding.decay = 1;
  config.source.vocabulary = 4;
  Bands bands;
  bands.ranked = {2, 0, 1, 3};
  bands.counts = {60, 20, 20, 0};
  const EmbeddingPlan plan = plan_embedding(config, Arm("mixed_dim"), bands);
  CHECK(tables_of(plan) == "1x24p 1x24p 2x12p");  // shares before each: 0, .6, .8, 1
  bands.counts = {20, 20, 30, 50};
  CHECK(tables_of(plan_embedding(config, Arm("mixed_dim"), bands)) == "2x24p 1x24p 1x24p");
}

TEST_CASE("the matched table has as many parameters as bespoke, within half a percent", "[model]") {
  for (const double high : {0.5, 1.0, 1.5, 2.0, 4.0}) {
    Config config = config_for_all_arms();
    config.embedding.high = high;
    const auto wanted = static_cast<double>(parameters_of(config, Arm::bespoke));
    const auto found = static_cast<double>(parameters_of(config, Arm("param_matched")));
    CAPTURE(high, wanted, found);
    CHECK(std::abs(found / wanted - 1) <= 0.005);
    // No width is nearer.
    const int64_t width = plan_embedding(config, Arm("param_matched"), some_bands()).blocks[0].width;
    for (const int64_t other : {width - 1, width + 1}) {
      config.embedding.rank = static_cast<double>(other) / 16;
      CHECK(std::abs(static_cast<double>(parameters_of(config, Arm("factorised"))) - wanted) >=
            std::abs(found - wanted));
    }
  }
}

TEST_CASE("arms that a shape has no room for are refused with the reason", "[model]") {
  Config config = config_for_all_arms();
  config.body.width = 15;
  CHECK(contains(complaint(config, Arm("adaptive")), "/study/arms: adaptive cannot be built for this shape"));
  CHECK(contains(complaint(config, Arm("adaptive")), "a sixteenth of the width 15"));
  CHECK(complaint(config, Arm::known_worse).empty());
  config.body.width = 8;
  CHECK(contains(complaint(config, Arm::known_worse), "the width 8 is not above 8"));
  Config bag = tiny_bag();
  bag.embedding.high = 1.5;  // 448 parameters; one column more or less is 28 of them
  CHECK(contains(complaint(bag, Arm("param_matched")), "param_matched cannot be built"));
}

TEST_CASE("arms that know no bands are built also where a band would be empty", "[model]") {
  Config config = config_for_all_arms();
  config.bands.high = 0;
  const Corpus corpus = make_corpus(config.source, 0);
  for (const Arm& arm : all_arms()) {
    CAPTURE(enum_name(arm));
    const bool refused = !complaint_of<BadInput>([&] { plan_embedding(config, arm, corpus, 0); }).empty();
    const bool knows_bands = arm == Arm::bespoke || arm == Arm("reversed") || arm == Arm::random_band ||
                             arm == Arm("param_matched") || arm == Arm("mixed_dim") ||
                             arm == Arm("allocated") || arm == Arm("adaptive");
    CHECK(refused == knows_bands);
  }
}

TEST_CASE("a trial's bands are those of its corpus, dealt from its seed for the placebo", "[model]") {
  const Config config = config_for_all_arms();
  const Corpus corpus = make_corpus(config.source, 3);
  const Bands bands = make_bands(config.bands, corpus);
  const auto rows = [&](Arm arm, int64_t seed) { return plan_embedding(config, arm, corpus, seed).row_of; };
  CHECK(rows(Arm::bespoke, 3) == plan_embedding(config, Arm::bespoke, bands).row_of);
  CHECK(rows(Arm::bespoke, 4) == rows(Arm::bespoke, 3));
  CHECK(rows(Arm::random_band, 3) ==
        plan_embedding(config, Arm::random_band, deal_at_random(bands, {3, 0})).row_of);
  CHECK(rows(Arm::random_band, 4) != rows(Arm::random_band, 3));
}
