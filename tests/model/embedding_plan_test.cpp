#include "model/embedding_plan.h"

#include "catch.h"
#include "helpers/tiny.h"

using namespace ate;
using namespace ate::testing;

namespace {

// Seven tokens: two high, two mid, two low, one outside.
Bands seven_tokens() {
  Bands bands;
  bands.members = {{{3, 1}, {6, 0}, {2, 5}, {4}}};
  return bands;
}

Config seven_token_config() {
  Config config = tiny_encoder();  // width 8, factors 1.5, 1 and .5, no bias
  config.source.vocabulary = 7;
  return config;
}

}  // namespace

TEST_CASE("the standard arm has one table, a row per token", "[model]") {
  const EmbeddingPlan plan = plan_embedding(seven_token_config(), Arm::standard, {});
  REQUIRE(plan.blocks.size() == 1);
  CHECK(plan.blocks[0].name == "embedding");
  CHECK(plan.blocks[0].rows == 7);
  CHECK(plan.blocks[0].width == 8);
  CHECK(!plan.blocks[0].projected);
  CHECK(plan.blocks[0].live_rows() == 7);
  CHECK(plan.row_of.empty());
  CHECK(plan.noise_rows == 0);
}

TEST_CASE("the bespoke arm has a table per band, as wide as its factor says", "[model]") {
  const EmbeddingPlan plan = plan_embedding(seven_token_config(), Arm::bespoke, seven_tokens());
  REQUIRE(plan.blocks.size() == 3);
  const std::vector<std::string> names = {"embedding.high", "embedding.mid", "embedding.low"};
  const std::vector<int64_t> widths = {12, 8, 4};
  for (size_t i = 0; i < 3; ++i) {
    CAPTURE(i);
    CHECK(plan.blocks[i].name == names[i]);
    CHECK(plan.blocks[i].rows == 2);
    CHECK(plan.blocks[i].width == widths[i]);
    CHECK(plan.blocks[i].projected == (i != 1));  // the mid band is as wide as the model
    CHECK(!plan.blocks[i].bias);
    CHECK(plan.blocks[i].live.empty());
  }
}

TEST_CASE("each token's row is its place in its band, the bands one after the other, noise last", "[model]") {
  const EmbeddingPlan plan = plan_embedding(seven_token_config(), Arm::bespoke, seven_tokens());
  // 3, 1 | 6, 0 | 2, 5 | 4
  CHECK(plan.row_of == std::vector<int64_t>{3, 1, 4, 0, 6, 5, 2});
  CHECK(plan.noise_rows == 1);
}

TEST_CASE("tables over the whole vocabulary have the bands' tokens as live rows", "[model]") {
  Config config = seven_token_config();
  config.embedding.tables = Tables::vocabulary;
  const EmbeddingPlan plan = plan_embedding(config, Arm::bespoke, seven_tokens());
  for (const EmbeddingBlock& block : plan.blocks) CHECK(block.rows == 7);
  CHECK(plan.blocks[0].live == std::vector<int64_t>{3, 1});
  CHECK(plan.blocks[1].live == std::vector<int64_t>{6, 0});
  CHECK(plan.blocks[2].live == std::vector<int64_t>{2, 5});
  CHECK(plan.blocks[2].live_rows() == 2);
  CHECK(plan.row_of == std::vector<int64_t>{3, 1, 4, 0, 6, 5, 2});
}

TEST_CASE("a projection has a bias only where there is one and the config asks for it", "[model]") {
  Config config = seven_token_config();
  config.embedding.projection_bias = true;
  const EmbeddingPlan plan = plan_embedding(config, Arm::bespoke, seven_tokens());
  CHECK(plan.blocks[0].bias);
  CHECK(!plan.blocks[1].bias);
  CHECK(plan.blocks[2].bias);
}
