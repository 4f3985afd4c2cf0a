#include "catch.h"
#include "config/resolve.h"
#include "helpers/bodies.h"
#include "helpers/errors.h"

using namespace ate;
using namespace ate::testing;

namespace {

std::string complaints(const Config& config) {
  std::string all;
  for (const Problem& problem : check_config(config)) all += problem.text() + "\n";
  return all;
}

}  // namespace

TEST_CASE("bodies of today have nothing to blame, and neither do arms of several", "[config]") {
  for (const BodyCase& body : bodies_of_today()) {
    CAPTURE(body.name);
    CHECK(complaints(body.config).empty());
  }
}

TEST_CASE("heads of keys and values must divide the heads", "[config]") {
  Config config = llama_encoder();
  for (const int64_t fits : {0, 1, 2, 4}) {
    config.body.kv_heads = fits;
    CHECK(complaints(config).empty());
  }
  config.body.kv_heads = 3;
  CHECK(complaints(config) == "/body/kv_heads: 3 key-value heads do not divide the 4 heads\n");
  config.body.kv_heads = 8;
  CHECK(complaints(config) == "/body/kv_heads: 8 key-value heads do not divide the 4 heads\n");
  config.body.heads = 3;  // one problem at a time
  CHECK(complaints(config) == "/body/heads: 3 heads do not divide the width 16\n");
}

TEST_CASE("rotary positions take an even number of dimensions", "[config]") {
  Config config = llama_encoder();
  config.body.width = 20;
  CHECK(contains(complaints(config),
                 "/body/positions: rotary turns pairs, and each of 4 heads over a width of 20 has 5 "
                 "dimensions: set body.heads or body.width so that they are even"));
  config.body.heads = 2;
  CHECK(complaints(config).empty());
}

TEST_CASE("a rotary base without rotary positions is refused", "[config]") {
  Config config = config_for_all_arms();
  config.body.rotary_base = 500;
  CHECK(complaints(config) ==
        "/body/rotary_base: has no effect with learned positions: leave it out or set "
        "body.positions=rotary\n");
  config.body.positions = Positions::none;
  CHECK(contains(complaints(config), "has no effect with no positions"));
  config.body.positions = Positions::rotary;
  CHECK(complaints(config).empty());
}

TEST_CASE("the bag refuses what only an encoder has", "[config]") {
  const Config config = tiny_bag();
  const auto refused = [&](const std::string& setting, auto&& change) {
    Config changed = config;
    change(changed.body);
    CAPTURE(setting);
    CHECK(complaints(changed) == "/body/" + setting +
                                     ": has no effect on the bag: leave it out or set "
                                     "body.kind=encoder\n");
    changed.body.kind = BodyKind::encoder;
    CHECK(complaints(changed).empty());
  };
  refused("kv_heads", [](BodyConfig& b) { b.kv_heads = 1; });
  refused("qk_norm", [](BodyConfig& b) { b.qk_norm = true; });
  refused("feedforward_width", [](BodyConfig& b) { b.feedforward_width = 5; });
  refused("normalisation", [](BodyConfig& b) { b.normalisation = Normalisation::rms; });
  refused("activation", [](BodyConfig& b) { b.activation = Activation::swiglu; });
  refused("positions", [](BodyConfig& b) { b.positions = Positions::rotary; });
  refused("dropout_attention", [](BodyConfig& b) { b.dropout_attention = 0.1; });
  refused("dropout_residual", [](BodyConfig& b) { b.dropout_residual = 0.1; });
  refused("dropout_feedforward", [](BodyConfig& b) { b.dropout_feedforward = 0.1; });
  refused("dropout_embedding", [](BodyConfig& b) { b.dropout_embedding = 0.1; });
  Config bare = config;
  bare.body.bias = false;
  bare.body.init = Init::gpt2;
  CHECK(complaints(bare).empty());
}

TEST_CASE("an encoder of before these settings keeps its name", "[config]") {
  const auto hash = [](const std::string& kernels) {
    return experiment_hash(resolve({"medium",
                                    "",
                                    {"device=cpu", "kernels=" + kernels, "source.tokens=4000",
                                     "windows.batches_per_epoch=6", "schedule.epochs=2"},
                                    {}})
                               .config);
  };
  CHECK(hash("fused") == "3543fee6de");
  CHECK(hash("reference") == "4ba03ba9e8");
}
