// The parts of today's bodies by what defines them: golden_test.cpp has PyTorch's numbers, finite_difference_test.cpp the
// gradients.
#include "helpers/bodies.h"

#include "catch.h"
#include "config/derived.h"
#include "helpers/rig.h"

using namespace ate;
using namespace ate::testing;

namespace {

constexpr RandomKey kBodyKey = {41, 0};

std::unique_ptr<Rig> body_rig(Config config, Arm arm = Arm::standard) {
  config.body.init = Init::framework;
  auto rig = std::make_unique<Rig>(config, arm, shuffled_bands(config), at::kDouble);
  rig->initialise(kBodyKey);
  return rig;
}

at::Tensor logits_of(const Rig& rig) {
  const int64_t length = rig.config.windows.length;
  return rig.model.logits(random_windows(rig.config, 3, 5).narrow(1, 0, length).contiguous()).detach();
}

Config plain_encoder() {
  Config config = config_for_all_arms();
  config.body.dropout = 0;
  return config;
}

}  // namespace

TEST_CASE("rotary positions change no length, and products by their distance alone", "[model]") {
  BodyConfig body = llama_encoder().body;
  body.rotary_base = 30;
  const auto options = at::TensorOptions(at::kDouble);
  const Rotary rotary = rotary_positions(body, 12, options);
  const at::Tensor query = at::sin(at::arange(4, options) + 1).expand({1, 12, 4});
  const at::Tensor key = at::cos(at::arange(4, options) * 2).expand({1, 12, 4});
  const at::Tensor turned = rotary(query)[0];
  CHECK(largest_difference(turned.norm(2, -1), query[0].norm(2, -1)) < 1e-14);
  CHECK(largest_difference(turned[0], query[0][0]) == 0);
  const at::Tensor products = at::matmul(turned, rotary(key)[0].t());
  for (int64_t distance = 0; distance < 12; ++distance) {
    const at::Tensor along = products.diagonal(-distance);
    CAPTURE(distance);
    CHECK((along - along[0]).abs().max().item<double>() < 1e-13);
    if (distance > 0) CHECK(std::abs((along[0] - products[0][0]).item<double>()) > 1e-3);
  }
  // By hand: dimensions 1 and 3 are the second pair of four, which turns by 30^(-1/2) a position.
  const double angle = 5 / std::sqrt(30.0);
  const double first = std::sin(2.0) * std::cos(angle) - std::sin(4.0) * std::sin(angle);
  CHECK(std::abs(turned[5][1].item<double>() - first) < 1e-14);
  CHECK(largest_difference(rotary(query.narrow(1, 0, 7)), turned.narrow(0, 0, 7)) == 0);
}

TEST_CASE("grouped heads are heads whose keys and values are the same", "[model]") {
  Config config = plain_encoder();
  config.body.heads = 4;
  config.body.kv_heads = 2;
  const auto grouped = body_rig(config);
  config.body.kv_heads = 0;
  const auto full = body_rig(config);
  full->copy_from(*grouped);
  const int64_t d = config.body.width;
  const int64_t hd = head_width(config.body);
  for (const std::string layer : {"layers.0.", "layers.1."})
    for (const std::string end : {"in_proj_weight", "in_proj_bias"}) {
      const at::Tensor from = grouped->parameter(layer + "self_attn." + end);
      const at::Tensor to = full->parameter(layer + "self_attn." + end);
      to.narrow(0, 0, d).copy_(from.narrow(0, 0, d));
      for (int64_t part = 0; part < 2; ++part)
        for (int64_t head = 0; head < 4; ++head)
          to.narrow(0, (1 + part) * d + head * hd, hd)
              .copy_(from.narrow(0, d + part * 2 * hd + head / 2 * hd, hd));
    }
  CHECK(grouped->layout.at("layers.0.self_attn.in_proj_weight").shape == std::vector<int64_t>{32, 16});
  CHECK(largest_difference(logits_of(*grouped), logits_of(*full)) < 1e-13);
}

TEST_CASE("without biases a model is one whose biases are zero", "[model]") {
  for (const Arm& arm : {Arm::standard, Arm::tied, Arm::bespoke})
    for (const BodyKind kind : {BodyKind::encoder, BodyKind::bag}) {
      Config config = plain_encoder();
      config.body.kind = kind;
      config.body.activation = kind == BodyKind::bag ? Activation::relu : Activation::swiglu;
      const auto with = body_rig(config, arm);
      config.body.bias = false;
      const auto without = body_rig(config, arm);
      int biases = 0;
      for (const ParameterTensor& tensor : with->layout.tensors) {
        if (!tensor.name.ends_with("bias")) continue;
        ++biases;
        Rig::part(with->arena.parameters, tensor).zero_();
      }
      for (const ParameterTensor& tensor : without->layout.tensors) CHECK(!tensor.name.ends_with("bias"));
      CAPTURE(enum_name(arm), biases);
      CHECK(biases == static_cast<int>(with->layout.tensors.size() - without->layout.tensors.size()));
      CHECK(largest_difference(logits_of(*with), logits_of(*without)) < 1e-13);
    }
}

TEST_CASE("RMS norm divides by the root of the mean square and has no shift", "[model]") {
  const at::Tensor x = at::arange(1, 13, at::TensorOptions(at::kDouble)).view({3, 4});
  const at::Tensor expected = x / (x.pow(2).mean(1, true) + 1e-5).sqrt();
  CHECK(largest_difference(over_root_mean_square(x, at::kDouble), expected) < 1e-15);
  const auto rig = body_rig(llama_encoder());
  CHECK(rig->layout.at("norm.weight").shape == std::vector<int64_t>{16});
  CHECK(rig->layout.at("layers.1.self_attn.q_norm.weight").shape == std::vector<int64_t>{4});
  Config biased = llama_encoder();
  biased.body.bias = true;
  CHECK_THROWS_AS(body_rig(biased)->layout.at("norm.bias"), std::out_of_range);
}

TEST_CASE("each site of dropout has its own probability, and those that are unset the common one",
          "[model]") {
  BodyConfig body = llama_encoder().body;
  body.dropout = 0.1;
  const auto at_sites = [&](uint32_t layer) {
    std::vector<double> all;
    for (const Site site : {kAttentionWeights, kAttentionOutput, kInsideFeedForward, kFeedForwardOutput})
      all.push_back(dropout_probability(body, layer * kSites + site));
    all.push_back(dropout_probability(body, kEmbeddingSite));
    return all;
  };
  CHECK(at_sites(1) == std::vector<double>{0.1, 0.1, 0.1, 0.1, 0});
  body.dropout_attention = 0;
  body.dropout_residual = 0.2;
  body.dropout_feedforward = 0.3;
  body.dropout_embedding = 0.4;
  CHECK(at_sites(3) == std::vector<double>{0, 0.2, 0.3, 0.2, 0.4});
  body.kind = BodyKind::bag;
  CHECK(at_sites(0) == std::vector<double>{0, 0, 0, 0, 0});
}

TEST_CASE("a model asks for dropout where it has some, and nowhere else", "[model]") {
  const auto asked = [](const Config& config) {
    const auto rig = body_rig(config);
    std::vector<uint32_t> sites;
    const auto dropout = [&](const at::Tensor& x, uint32_t site) {
      sites.push_back(site);
      return x;
    };
    (void)rig->model.training_loss(random_windows(config, 2, 1), dropout);
    return sites;
  };
  Config config = plain_encoder();
  CHECK(asked(config).empty());
  config.body.dropout_embedding = 0.1;
  config.body.dropout_residual = 0.1;
  CHECK(asked(config) == std::vector<uint32_t>{kEmbeddingSite, kAttentionOutput, kFeedForwardOutput,
                                               kSites + kAttentionOutput, kSites + kFeedForwardOutput});
  config = plain_encoder();
  config.body.dropout = 0.1;
  config.body.dropout_residual = 0;
  CHECK(asked(config) == std::vector<uint32_t>{kAttentionWeights, kInsideFeedForward,
                                               kSites + kAttentionWeights, kSites + kInsideFeedForward});
}

TEST_CASE("no logit before a changed token moves in a body of today", "[model]") {
  for (const BodyCase& body : bodies_of_today()) {
    const auto rig = body_rig(body.config);
    const at::Tensor tokens = random_windows(body.config, 4, 3).narrow(1, 0, 6).contiguous();
    const at::Tensor logits = rig->model.logits(tokens).detach();
    at::Tensor changed = tokens.clone();
    changed.select(1, 3).add_(1).remainder_(body.config.source.vocabulary);
    const at::Tensor moved = (rig->model.logits(changed).detach() - logits).abs();
    CAPTURE(body.name);
    CHECK(moved.narrow(1, 0, 3).max().item<double>() == 0);
    CHECK(moved.select(1, 5).max().item<double>() > 0);
    const at::Tensor part = rig->model.logits(tokens.narrow(1, 0, 4).contiguous()).detach();
    CHECK(largest_difference(part, logits.narrow(1, 0, 4).contiguous()) < 1e-13);
  }
}
