#include "model/layout.h"

#include <numeric>
#include <set>

#include "catch.h"
#include "config/resolve.h"
#include "data/bands.h"
#include "helpers/tiny.h"

using namespace ate;
using namespace ate::testing;

namespace {

Config preset(const std::string& name, const std::string& mode = "corrected") {
  return resolve({name, "", {"mode=" + mode}, {}}).config;
}

// Bands of these sizes; which tokens they hold does not change a layout.
Bands bands_of(int32_t high, int32_t mid, int32_t low) {
  Bands bands;
  for (int32_t token = 0; token < high + mid + low; ++token)
    bands.members[token < high ? 0 : token < high + mid ? 1 : 2].push_back(token);
  return bands;
}

Layout layout_of(const Config& config, Arm arm, const Bands& bands = {}) {
  return make_layout(config, plan_embedding(config, arm, bands));
}

}  // namespace

TEST_CASE("the presets' models have the published numbers of parameters", "[model]") {
  CHECK(layout_of(preset("focused"), Arm::standard).parameters == 25'800);
  CHECK(layout_of(preset("focused", "published"), Arm::bespoke, bands_of(20, 130, 50)).parameters == 63'944);
  CHECK(layout_of(preset("focused"), Arm::bespoke, bands_of(20, 130, 50)).parameters == 34'024);
  // The definitive preset when every rank occurs: 100 high, 700 mid, 200 low.
  CHECK(layout_of(preset("definitive"), Arm::standard).parameters == 1'054'440);
  CHECK(layout_of(preset("definitive"), Arm::bespoke, bands_of(100, 700, 200)).parameters == 1'081'780);
}

TEST_CASE("the focused model twice as wide has the numbers of parameters that the document prints",
          "[model]") {
  Config config = preset("focused", "published");
  config.body.width = 128;
  CHECK(layout_of(config, Arm::standard).parameters == 51'400);
  CHECK(layout_of(config, Arm::bespoke, bands_of(20, 130, 50)).parameters == 146'120);
}

TEST_CASE("the medium and long models have the parameters of a hand count", "[model]") {
  const auto layer = [](int64_t d, int64_t f) {
    return 3 * d * d + 3 * d + d * d + d + d * f + f + f * d + d +
           4 * d;  // attention, feed-forward, two norms
  };
  CHECK(layout_of(preset("medium"), Arm::standard).parameters ==
        500 * 128 + layer(128, 256) + 500 * 128 + 500);
  CHECK(layout_of(preset("medium"), Arm::bespoke, bands_of(9, 91, 400)).parameters ==
        9 * 192 + 192 * 128 + 91 * 128 + 400 * 64 + 64 * 128 + layer(128, 256) + 500 * 128 + 500);
  CHECK(layout_of(preset("long"), Arm::standard).parameters ==
        1000 * 256 + 64 * 256 + 6 * layer(256, 1024) + 2 * 256 + 1000 * 256 + 1000);
}

TEST_CASE("tensors are aligned, lie one after the other without overlap, and fill the array", "[model]") {
  Config odd = tiny_encoder();
  odd.source.vocabulary = 19;
  odd.body.width = 6;
  for (const Config& config : {odd, tiny_bag(), preset("definitive")}) {
    const auto v = static_cast<int32_t>(config.source.vocabulary);
    const Layout layout = layout_of(config, Arm::bespoke, bands_of(3, v - 8, 5));
    int64_t end = 0;
    int64_t parameters = 0;
    std::set<std::string> names;
    for (const ParameterTensor& tensor : layout.tensors) {
      CAPTURE(tensor.name);
      CHECK(tensor.offset % kAlignment == 0);
      CHECK(tensor.offset >= end);
      CHECK(tensor.offset < end + kAlignment);  // no more padding than needed
      CHECK(names.insert(tensor.name).second);
      end = tensor.offset + tensor.count();
      parameters += tensor.count();
    }
    CHECK(layout.size >= end);
    CHECK(layout.size < end + kAlignment);
    CHECK(layout.size % kAlignment == 0);
    CHECK(layout.parameters == parameters);
  }
}

TEST_CASE("the trunk has the same tensors in every arm", "[model]") {
  const Config config = tiny_encoder();
  const auto trunk = [&](Arm arm) {
    std::vector<std::pair<std::string, std::vector<int64_t>>> out;
    for (const ParameterTensor& tensor : layout_of(config, arm, bands_of(4, 10, 6)).tensors)
      if (tensor.name.rfind("embedding", 0) != 0) out.emplace_back(tensor.name, tensor.shape);
    return out;
  };
  CHECK(trunk(Arm::standard) == trunk(Arm::bespoke));
  CHECK(trunk(Arm::standard).size() == 1 + 2 * 12 + 2 + 2);
}

TEST_CASE("a tensor is found by its name", "[model]") {
  const Layout layout = layout_of(tiny_bag(), Arm::standard);
  CHECK(layout.at("head.bias").shape == std::vector<int64_t>{20});
  CHECK_THROWS_AS(layout.at("tail.bias"), std::out_of_range);
}

TEST_CASE("the matrices of layers are told by the layout, and nothing else is one", "[model]") {
  Config config = tiny_encoder();
  config.attention.kind = AttentionKind::mlp_topk;
  config.attention.k = 2;
  const Layout layout = make_layout(config, plan_embedding(config, Arm::bespoke, bands_of(4, 10, 6)));
  const int64_t d = config.body.width;
  CHECK(layout.at("layers.0.self_attn.in_proj_weight").matrix_rows == std::vector<int64_t>{d, d, d});
  CHECK(layout.at("layers.1.linear1.weight").matrix_rows ==
        std::vector<int64_t>{config.body.feedforward * d});
  // Of two heads, each a matrix.
  const ParameterTensor& selector = layout.at("layers.0.self_attn.selector.0.weight");
  CHECK(selector.matrix_rows == std::vector<int64_t>{selector.shape[1], selector.shape[1]});
  for (const ParameterTensor& tensor : layout.tensors) {
    CAPTURE(tensor.name);
    CHECK(tensor.matrix_rows.empty() == (tensor.name.rfind("layers.", 0) != 0 || tensor.shape.size() < 2));
    if (tensor.matrix_rows.empty()) continue;
    CHECK(std::accumulate(tensor.matrix_rows.begin(), tensor.matrix_rows.end(), int64_t{0}) *
              tensor.shape.back() ==
          tensor.count());
  }
}

TEST_CASE("runs cover the layout, padding included, and change where the answer does", "[model]") {
  const Config config = tiny_encoder();
  const Layout layout = make_layout(config, plan_embedding(config, Arm::bespoke, bands_of(4, 10, 6)));
  const std::vector<Run> all = decayed_runs(layout, Decayed::all);
  REQUIRE(all.size() == 1);
  CHECK(all[0].offset == 0);
  CHECK(all[0].count == layout.size);
  const std::vector<Run> matrices = decayed_runs(layout, Decayed::matrices);
  int64_t end = 0;
  for (size_t i = 0; i < matrices.size(); ++i) {
    CHECK(matrices[i].offset == end);
    end += matrices[i].count;
    if (i > 0) CHECK(matrices[i].value != matrices[i - 1].value);
    for (const ParameterTensor& tensor : layout.tensors)
      if (tensor.offset >= matrices[i].offset && tensor.offset < end)
        CHECK(tensor.is_matrix() == matrices[i].value);
  }
  CHECK(end == layout.size);
}
