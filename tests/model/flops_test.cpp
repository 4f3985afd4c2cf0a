#include "model/flops.h"

#include <cmath>

#include "catch.h"
#include "helpers/bodies.h"
#include "helpers/rig.h"

using namespace ate;
using namespace ate::testing;

namespace {

double flops_of(const Config& config, Arm arm) {
  return training_flops_per_token(config, plan_embedding(config, arm, shuffled_bands(config)));
}

}  // namespace

TEST_CASE("the bag costs its head, once a window", "[model]") {
  // 2 d V per window of 6 tokens, three times: forward, and two products backward.
  CHECK(flops_of(tiny_bag(), Arm::standard) == 3 * 2 * 8 * 20 / 6.0);
}

TEST_CASE("an encoder costs its linear maps, attention and head, per token", "[model]") {
  const Config config = tiny_encoder();  // d 8, two layers, feed-forward 2 d, T 6, V 20
  const double layer = 2 * (3 * 8 * 8 + 8 * 8 + 2 * 8 * 16) + 2 * 2 * 6 * 8;
  CHECK(flops_of(config, Arm::standard) == 3 * (2 * layer + 2 * 8 * 20));
  CHECK(flops_of(config, Arm::tied) == flops_of(config, Arm::standard));
}

TEST_CASE("grouped heads cost a smaller in-projection, SwiGLU a third matrix", "[model]") {
  const Config config = llama_encoder();  // d 16, four heads, two of keys and values, f 12, T 6, V 20
  const double layer = 2 * ((16 + 8 + 8) * 16 + 16 * 16 + 3 * 16 * 12) + 2 * 2 * 6 * 16;
  CHECK(flops_of(config, Arm::standard) == 3 * (2 * layer + 2 * 16 * 20));
}

TEST_CASE("projections cost every live row once a step", "[model]") {
  // Bands of 7, 7 and 6 tokens, widths 12, 8 and 4; the mid band is not projected; 24 tokens a step.
  const double projections = 3 * 2 * (7 * 12 * 8 + 6 * 4 * 8) / 24.0;
  Config config = tiny_encoder();
  const double standard = flops_of(config, Arm::standard);
  CHECK(std::abs(flops_of(config, Arm::bespoke) - standard - projections) < 1e-9);
  config.embedding.tables = Tables::vocabulary;  // dead rows are not projected
  CHECK(std::abs(flops_of(config, Arm::bespoke) - standard - projections) < 1e-9);
}
