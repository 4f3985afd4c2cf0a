// The models against the same formulas written out number by number (reference_model.h), for every kind of
// embedding.
#include "model/model.h"

#include <memory>

#include "catch.h"
#include "config/derived.h"
#include "helpers/arms.h"
#include "model/reference_model.h"

using namespace ate;
using namespace ate::testing;

namespace {

constexpr RandomKey kKey = {11, 0};

// The variants of a model that change how it computes.
struct Variant {
  std::string name;
  Config config;
  Arm arm = Arm::bespoke;
  bool noise = false;
};

std::vector<Variant> variants() {
  std::vector<Variant> all;
  all.push_back({"bag standard", tiny_bag(), Arm::standard});
  all.push_back({"bag bespoke", tiny_bag()});
  all.push_back({"bag with noise rows", tiny_bag(), Arm::bespoke, true});
  all.push_back({"encoder standard", tiny_encoder(), Arm::standard});
  all.push_back({"encoder bespoke", tiny_encoder()});
  all.push_back({"encoder with noise rows", tiny_encoder(), Arm::bespoke, true});
  Variant dead_rows = {"encoder with dead rows", tiny_encoder()};
  dead_rows.config.embedding.tables = Tables::vocabulary;
  dead_rows.config.embedding.projection_bias = true;
  all.push_back(dead_rows);
  Variant plain = {"unmasked encoder without positions and norm", tiny_encoder(), Arm::standard};
  plain.config.body.causal = false;
  plain.config.body.positions = Positions::none;
  plain.config.body.final_norm = false;
  plain.config.body.layers = 1;
  plain.config.body.heads = 4;
  all.push_back(plain);
  Variant gpt = {"pre-norm encoder with GELU", tiny_encoder(), Arm::standard};
  gpt.config.body.norm = Norm::pre;
  gpt.config.body.activation = Activation::gelu;
  all.push_back(gpt);
  for (const Arm& arm : all_arms()) all.push_back({enum_name(arm), config_for_all_arms(), arm});
  all.push_back({"tied bag", tiny_bag(), Arm::tied});
  return all;
}

at::Tensor noise_of(const Variant& v) {
  if (!v.noise) return {};
  const int64_t rows = v.config.source.vocabulary / 10;
  return at::tensor(noise_rows(rows, v.config.body.width, Init::framework, kKey))
      .view({rows, v.config.body.width});
}

// Parameters large enough for attention to prefer some positions and for every unit to matter.
std::unique_ptr<Rig> rig_of(Variant v, at::ScalarType type) {
  v.config.body.init = Init::framework;
  auto rig = std::make_unique<Rig>(v.config, v.arm, shuffled_bands(v.config, v.noise), type, noise_of(v));
  rig->initialise(kKey);
  // Norms and zero biases, too, away from where they start.
  for (const ParameterTensor& tensor : rig->layout.tensors)
    if (tensor.shape.size() == 1) {
      at::Tensor part = Rig::part(rig->arena.parameters, tensor);
      part.add_(at::sin(at::arange(tensor.count(), part.options()) * 1.7) * 0.3);
    }
  return rig;
}

double largest_logit_difference(const at::Tensor& logits, const ReferenceModel::Logits& reference) {
  double largest = 0;
  for (size_t n = 0; n < reference.size(); ++n)
    for (size_t i = 0; i < reference[n].size(); ++i)
      largest = std::max(largest,
                         testing::largest_difference(logits[static_cast<int64_t>(n)][static_cast<int64_t>(i)],
                                                     at::tensor(reference[n][i], at::kDouble)));
  return largest;
}

}  // namespace

TEST_CASE("logits are those of the written-out model", "[model]") {
  for (const Variant& v : variants()) {
    CAPTURE(v.name);
    const at::Tensor tokens = random_windows(v.config, 3, 1).narrow(1, 0, v.config.windows.length);
    const auto in_double = rig_of(v, at::kDouble);
    const ReferenceModel reference(*in_double, noise_of(v));
    const at::Tensor logits = in_double->model.logits(tokens);
    CHECK(logits.size(1) == targets_per_window(v.config));
    CHECK(largest_logit_difference(logits.detach(), reference.logits(tokens)) < 1e-13);
    CHECK(largest_logit_difference(rig_of(v, at::kFloat)->model.logits(tokens).detach(),
                                   reference.logits(tokens)) < 1e-5);
  }
}

TEST_CASE("the training loss has the masks of the written-out model at every site", "[model]") {
  for (Variant v : variants()) {
    for (const double p : {0.0, 0.1, 0.5}) {
      v.config.body.dropout = p;
      CAPTURE(v.name, p);
      const at::Tensor windows = random_windows(v.config, 3, 2);
      const auto rig = rig_of(v, at::kDouble);
      const ReferenceModel reference(*rig, noise_of(v));
      for (const uint32_t step : {0U, 5U}) {
        const auto loss = rig->model.training_loss(windows, kKey, step).value();
        CHECK(std::abs(loss - reference.training_loss(windows, kKey, step)) < 1e-13);
      }
    }
  }
}

TEST_CASE("dropout is drawn anew for each step and key, and is off outside training", "[model]") {
  Variant v = {"encoder", tiny_encoder()};
  v.config.body.dropout = 0.2;
  const auto rig = rig_of(v, at::kDouble);
  const at::Tensor windows = random_windows(v.config, 3, 2);
  const auto loss = [&](RandomKey key, uint32_t step) {
    return rig->model.training_loss(windows, key, step).value();
  };
  CHECK(loss(kKey, 3) == loss(kKey, 3));
  CHECK(loss(kKey, 3) != loss(kKey, 4));
  CHECK(loss(kKey, 3) != loss({12, 0}, 3));
  CHECK(loss(kKey, 3) != loss({11, 1}, 3));
  const auto plain = rig->model.losses(windows).mean().item<double>();
  CHECK(plain == rig->model.losses(windows).mean().item<double>());
  CHECK(plain != loss(kKey, 3));
}

TEST_CASE("a token outside all bands has its fixed row, which takes no gradient", "[model]") {
  const Variant v = {"bag", tiny_bag(), Arm::bespoke, true};
  const auto rig = rig_of(v, at::kDouble);
  const Bands bands = shuffled_bands(v.config, true);
  const at::Tensor windows =
      at::full({1, v.config.windows.length + 1}, static_cast<int64_t>(bands.of(Band::none)[0]), at::kLong);
  rig->model.training_loss(windows, kKey, 0).backward();
  for (const ParameterTensor& tensor : rig->layout.tensors) {
    CAPTURE(tensor.name);
    const bool moves = Rig::part(rig->arena.gradients, tensor).abs().max().item<double>() > 0;
    CHECK(moves == (tensor.name.rfind("head.", 0) == 0));
  }
}

TEST_CASE("rows of tokens that a batch does not hold take no gradient", "[model]") {
  const Variant v = {"bag", tiny_bag(), Arm::standard};
  const auto rig = rig_of(v, at::kDouble);
  const at::Tensor windows = at::full({2, v.config.windows.length + 1}, int64_t{13}, at::kLong);
  rig->model.training_loss(windows, kKey, 0).backward();
  const at::Tensor rows = Rig::part(rig->arena.gradients, rig->layout.at("embedding.weight")).view({20, 8});
  for (int64_t token = 0; token < 20; ++token)
    CHECK((rows[token].abs().max().item<double>() > 0) == (token == 13));
}

TEST_CASE("backward adds into the arena's gradients in place", "[model]") {
  const Variant v = {"encoder", tiny_encoder()};
  const auto rig = rig_of(v, at::kDouble);
  const at::Tensor windows = random_windows(v.config, 3, 2);
  rig->model.training_loss(windows, kKey, 0).backward();
  const at::Tensor once = rig->arena.gradients.clone();
  rig->model.training_loss(windows, kKey, 0).backward();
  CHECK(testing::largest_difference(rig->arena.gradients, 2 * once) < 1e-15);
  CHECK(once.abs().max().item<double>() > 0);
}
