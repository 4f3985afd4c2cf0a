#include <algorithm>
#include <cmath>

#include "catch.h"
#include "helpers/statistics.h"
#include "helpers/tiny.h"
#include "model/layout.h"

using namespace ate;
using namespace ate::testing;

namespace {

// A model large enough for its tensors' moments to tell one law from another.
Config wide_config(Init init) {
  Config config = tiny_encoder();
  config.source.vocabulary = 900;
  config.windows.length = 64;
  config.body.width = 64;
  config.body.layers = 1;
  config.body.init = init;
  config.embedding.projection_bias = true;
  return config;
}

Bands three_bands() {
  Bands bands;
  for (int32_t token = 0; token < 900; ++token)
    bands.members[static_cast<size_t>(token / 300)].push_back(token);
  return bands;
}

class Start {
 public:
  explicit Start(const Config& config, Arm arm = Arm::bespoke, RandomKey key = {1, 0})
      : layout_(make_layout(config, plan_embedding(config, arm, three_bands()))) {
    initialise(layout_, config.body.init, key, values_);
  }
  std::vector<float> of(const std::string& name) const {
    const ParameterTensor& tensor = layout_.at(name);
    const auto begin = values_.begin() + tensor.offset;
    return {begin, begin + tensor.count()};
  }
  const std::vector<float>& values() const { return values_; }
  const Layout& layout() const { return layout_; }

 private:
  Layout layout_;
  std::vector<float> values_;
};

// 4.5 standard errors of the mean, and of the deviation with the law's kurtosis.
void check_moments(const Start& start, const std::string& name, double deviation, double kurtosis) {
  const std::vector<float> values = start.of(name);
  const Moments m = moments_of(values);
  const auto n = static_cast<double>(values.size());
  CAPTURE(name, m.mean, m.deviation, deviation);
  CHECK(std::abs(m.mean) < 4.5 * deviation / std::sqrt(n));
  CHECK(std::abs(m.deviation - deviation) < 4.5 * deviation * std::sqrt((kurtosis - 1) / (4 * n)));
}

void check_normal(const Start& start, const std::string& name, double deviation) {
  check_moments(start, name, deviation, 3);
  const std::vector<float> values = start.of(name);
  const auto beyond = [&](double limit) {
    return std::count_if(values.begin(), values.end(),
                         [&](float x) { return std::abs(x) > limit * deviation; });
  };
  // Beyond two deviations lie 4.55 % of a normal law; beyond six none in any run that will ever be.
  const double n = static_cast<double>(values.size());
  CHECK(std::abs(static_cast<double>(beyond(2)) - 0.0455 * n) < 4.5 * std::sqrt(0.0455 * n));
  CHECK(beyond(6) == 0);
}

void check_uniform(const Start& start, const std::string& name, double bound) {
  check_moments(start, name, bound / std::sqrt(3), 1.8);
  const Moments m = moments_of(start.of(name));
  CHECK(m.least >= -bound);
  CHECK(m.largest <= bound);
  if (start.of(name).size() > 500) {  // the whole interval is used
    CHECK(m.least < -0.98 * bound);
    CHECK(m.largest > 0.98 * bound);
  }
}

void check_constant(const Start& start, const std::string& name, float value) {
  CAPTURE(name);
  for (const float x : start.of(name)) CHECK(x == value);
}

}  // namespace

TEST_CASE("framework initialisation follows PyTorch's laws", "[model]") {
  const Start start(wide_config(Init::framework));
  for (const char* table :
       {"embedding.high.weight", "embedding.mid.weight", "embedding.low.weight", "positions.weight"})
    check_normal(start, table, 1);
  check_uniform(start, "embedding.high.projection.weight", 1 / std::sqrt(96));
  check_uniform(start, "embedding.high.projection.bias", 1 / std::sqrt(96));
  check_uniform(start, "embedding.low.projection.weight", 1 / std::sqrt(32));
  check_uniform(start, "layers.0.self_attn.in_proj_weight", std::sqrt(6.0 / (64 + 192)));
  check_constant(start, "layers.0.self_attn.in_proj_bias", 0);
  check_uniform(start, "layers.0.self_attn.out_proj.weight", 1 / std::sqrt(64));
  check_constant(start, "layers.0.self_attn.out_proj.bias", 0);
  check_uniform(start, "layers.0.linear1.weight", 1 / std::sqrt(64));
  check_uniform(start, "layers.0.linear1.bias", 1 / std::sqrt(64));
  check_uniform(start, "layers.0.linear2.weight", 1 / std::sqrt(128));
  check_uniform(start, "layers.0.linear2.bias", 1 / std::sqrt(128));
  check_uniform(start, "head.weight", 1 / std::sqrt(64));
  check_uniform(start, "head.bias", 1 / std::sqrt(64));
}

TEST_CASE("normal initialisation is N(0, 0.02) for tables and linears, with zero biases", "[model]") {
  const Start start(wide_config(Init::normal));
  for (const char* name : {"embedding.high.weight", "embedding.low.projection.weight", "positions.weight",
                           "layers.0.self_attn.out_proj.weight", "layers.0.linear1.weight",
                           "layers.0.linear2.weight", "head.weight"})
    check_normal(start, name, 0.02);
  for (const char* name : {"embedding.high.projection.bias", "layers.0.linear1.bias", "layers.0.linear2.bias",
                           "layers.0.self_attn.in_proj_bias", "head.bias"})
    check_constant(start, name, 0);
  check_uniform(start, "layers.0.self_attn.in_proj_weight", std::sqrt(6.0 / (64 + 192)));  // keeps Xavier
}

TEST_CASE("gpt2 initialisation is N(0, 0.02), and less in the maps back to the stream", "[model]") {
  Config config = wide_config(Init::gpt2);
  config.body.layers = 2;
  config.body.activation = Activation::swiglu;
  config.body.kv_heads = 1;
  const Start start(config);
  for (const char* name : {"embedding.high.weight", "embedding.low.projection.weight", "positions.weight",
                           "layers.1.self_attn.in_proj_weight", "layers.0.linear1.weight",
                           "layers.1.gate.weight", "head.weight"})
    check_normal(start, name, 0.02);
  for (const char* name : {"layers.0.self_attn.out_proj.weight", "layers.1.linear2.weight"})
    check_normal(start, name, 0.01);  // 0.02 / sqrt(2 * 2)
  for (const char* name : {"embedding.high.projection.bias", "layers.0.linear1.bias", "layers.0.gate.bias",
                           "layers.0.linear2.bias", "layers.0.self_attn.in_proj_bias",
                           "layers.0.self_attn.out_proj.bias", "head.bias"})
    check_constant(start, name, 0);
  check_normal(Start(config, Arm::tied), "embedding.weight", 0.02);
}

TEST_CASE("a selector keeps its law where the model starts as GPT-2", "[model]") {
  Config config = wide_config(Init::gpt2);
  config.attention.kind = AttentionKind("lowrank_topk");
  check_uniform(Start(config), "layers.0.self_attn.lowrank_key", std::sqrt(6.0 / (32 + 8)));
}

TEST_CASE("a tensor of the same name and shape starts the same in other bodies", "[model]") {
  Config config = wide_config(Init::normal);
  const Start plain(config);
  config.body.positions = Positions::rotary;
  config.body.normalisation = Normalisation::rms;
  config.body.activation = Activation::swiglu;
  config.body.qk_norm = true;
  config.body.kv_heads = 1;
  config.body.bias = false;
  const Start other(config);
  int shared = 0;
  for (const ParameterTensor& tensor : other.layout().tensors) {
    const auto& tensors = plain.layout().tensors;
    if (std::none_of(tensors.begin(), tensors.end(), [&](const ParameterTensor& theirs) {
          return theirs.name == tensor.name && theirs.shape == tensor.shape;
        }))
      continue;
    ++shared;
    CAPTURE(tensor.name);
    CHECK(other.of(tensor.name) == plain.of(tensor.name));
  }
  // Three tables, two projections with biases, out-projection, linear1, linear2, three norms, head.
  CHECK(shared == 14);
}

TEST_CASE("norms start as the identity under every law", "[model]") {
  for (const Init init : {Init::framework, Init::normal, Init::gpt2}) {
    const Start start(wide_config(init));
    for (const char* norm : {"layers.0.norm1", "layers.0.norm2", "norm"}) {
      check_constant(start, std::string(norm) + ".weight", 1);
      check_constant(start, std::string(norm) + ".bias", 0);
    }
  }
}

TEST_CASE("arms of one key start with the same trunk, other keys with another one", "[model]") {
  const Config config = wide_config(Init::framework);
  const Start bespoke(config, Arm::bespoke);
  const Start standard(config, Arm::standard);
  const Start other_seed(config, Arm::standard, {2, 0});
  const Start other_stream(config, Arm::standard, {1, 1});
  for (const ParameterTensor& tensor : standard.layout().tensors) {
    if (tensor.name.rfind("embedding", 0) == 0) continue;
    CAPTURE(tensor.name);
    CHECK(bespoke.of(tensor.name) == standard.of(tensor.name));
    if (tensor.law == InitLaw::zeros || tensor.law == InitLaw::ones) continue;
    CHECK(other_seed.of(tensor.name) != standard.of(tensor.name));
    CHECK(other_stream.of(tensor.name) != standard.of(tensor.name));
  }
}

TEST_CASE("a token's row starts alike in every arm that has it at the model's width", "[model]") {
  const Config config = wide_config(Init::framework);
  const std::vector<float> standard = Start(config, Arm::standard).of("embedding.weight");
  const std::vector<float> mid = Start(config, Arm::bespoke).of("embedding.mid.weight");
  // The mid band holds tokens 300 to 599, in order.
  CHECK(std::equal(mid.begin(), mid.end(), standard.begin() + 300 * 64));
  CHECK(Start(config, Arm::aa).of("embedding.weight") == standard);  // whose key is another one, in a trial
  const std::vector<float> narrow = Start(config, Arm::bespoke).of("embedding.low.weight");
  CHECK(!std::equal(narrow.begin(), narrow.begin() + 32, standard.begin() + 600 * 64));
}

TEST_CASE("a band's row at the model's width belongs to its token, wherever it stands in the band",
          "[model]") {
  const Config config = wide_config(Init::framework);
  Bands bands = three_bands();
  std::swap(bands.members[1][0], bands.members[1][299]);
  const Layout layout = make_layout(config, plan_embedding(config, Arm::bespoke, bands));
  std::vector<float> values;
  initialise(layout, Init::framework, {1, 0}, values);
  const std::vector<float> standard = Start(config, Arm::standard).of("embedding.weight");
  const auto row = values.begin() + layout.at("embedding.mid.weight").offset;
  CHECK(std::equal(row, row + 64, standard.begin() + 599 * 64));
}

TEST_CASE("a tied table starts by the law of the head that it is", "[model]") {
  check_uniform(Start(wide_config(Init::framework), Arm::tied), "embedding.weight", 1 / std::sqrt(64));
  check_normal(Start(wide_config(Init::normal), Arm::tied), "embedding.weight", 0.02);
}

TEST_CASE("an element depends on its tensor's name and its index, not on the model around it", "[model]") {
  Config config = wide_config(Init::framework);
  const std::vector<float> longer = Start(config).of("positions.weight");
  config.windows.length = 16;
  config.body.final_norm = false;
  config.source.vocabulary = 901;
  const std::vector<float> shorter = Start(config).of("positions.weight");
  CHECK(std::equal(shorter.begin(), shorter.end(), longer.begin()));
}

TEST_CASE("tensors of one model differ from each other", "[model]") {
  const Start start(wide_config(Init::framework));
  const std::vector<float> first = start.of("embedding.high.weight");
  const std::vector<float> second = start.of("embedding.mid.weight");
  CHECK(!std::equal(second.begin(), second.begin() + 100, first.begin()));
  // Two elements share a block of random bits, and must not share the number.
  for (size_t i = 0; i + 1 < 100; ++i) CHECK(first[i] != first[i + 1]);
}

TEST_CASE("padding stays zero", "[model]") {
  const Start start(wide_config(Init::framework));
  std::vector<float> rest = start.values();
  for (const ParameterTensor& tensor : start.layout().tensors)
    std::fill_n(rest.begin() + tensor.offset, tensor.count(), 0.0F);
  CHECK(rest == std::vector<float>(rest.size(), 0.0F));
}

TEST_CASE("rows of tokens outside all bands follow the tables' law and are their own", "[model]") {
  const std::vector<float> framework = noise_rows(100, 64, Init::framework, {1, 0});
  const std::vector<float> normal = noise_rows(100, 64, Init::normal, {1, 0});
  REQUIRE(framework.size() == 6400);
  CHECK(std::abs(moments_of(framework).deviation - 1) < 0.05);
  CHECK(std::abs(moments_of(framework).mean) < 0.06);
  for (size_t i = 0; i < framework.size(); ++i) CHECK(std::abs(normal[i] - 0.02F * framework[i]) < 1e-8F);
  CHECK(noise_rows(100, 64, Init::framework, {1, 0}) == framework);
  CHECK(noise_rows(100, 64, Init::framework, {2, 0}) != framework);
  const std::vector<float> table = Start(wide_config(Init::framework)).of("embedding.high.weight");
  CHECK(!std::equal(framework.begin(), framework.begin() + 100, table.begin()));
}
