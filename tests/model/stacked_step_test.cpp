// The stacked step against the reference model of each replica alone: losses, and the gradient of every
// tensor.
#include "model/stacked/stacked_step.h"

#include "catch.h"
#include "config/kernels.h"
#include "helpers/bodies.h"
#include "helpers/stack_rig.h"
#include "model/dropout.h"
#include "model/stacked/philox.h"
#include "support/error.h"

using namespace ate;
using namespace ate::testing;

namespace {

// Every arm that can be stacked, some from two keys, one with noise rows.
std::vector<StackRig::Part> all_parts(const Config& config) {
  std::vector<StackRig::Part> parts;
  for (const Arm& arm : all_arms()) {
    if (!why_not_stacked(config, arm).empty()) continue;
    // No width comes near bespoke's parameters in so small a model.
    if (config.body.kind == BodyKind::bag && arm == Arm("param_matched")) continue;
    parts.push_back({arm, {static_cast<uint32_t>(parts.size() + 3), 0}});
  }
  parts.push_back({Arm::bespoke, {3, 5}});
  parts.push_back({Arm::bespoke, {4, 5}, true});
  return parts;
}

struct StackedCase {
  std::string name;
  Config config;
};

std::vector<StackedCase> stacked_cases() {
  Config base = config_for_all_arms();
  base.body.init = Init::framework;
  base.body.dropout = 0.2;
  std::vector<StackedCase> all = {{"encoder", base}};
  const auto add = [&](const std::string& name, auto&& change) {
    all.push_back({name, base});
    change(all.back().config);
  };
  add("projections with biases", [](Config& c) { c.embedding.projection_bias = true; });
  add("dead rows", [](Config& c) { c.embedding.tables = Tables::vocabulary; });
  add("pre-norm, gelu", [](Config& c) {
    c.body.norm = Norm::pre;
    c.body.activation = Activation::gelu;
  });
  add("no mask, positions, last norm nor dropout", [](Config& c) {
    c.body.causal = false;
    c.body.positions = Positions::none;
    c.body.final_norm = false;
    c.body.dropout = 0;
    c.body.layers = 1;
  });
  add("bag", [](Config& c) { c.body.kind = BodyKind::bag; });
  add("bag without a bias", [](Config& c) {
    c.body.kind = BodyKind::bag;
    c.body.bias = false;
  });
  for (const BodyCase& body : bodies_of_today()) {
    all.push_back({body.name, body.config});
    all.back().config.body.init = Init::framework;
    all.back().config.body.dropout = 0.2;
  }
  return all;
}

// The largest difference of a tensor's gradient, as a share of the largest of any tensor's.
void check_gradients(const StackRig& rig, size_t r, double tolerance) {
  const Rig& alone = *rig.alone[r];
  const auto largest = alone.arena.gradients.abs().max().item<double>();
  for (const ParameterTensor& tensor : alone.layout.tensors) {
    const double difference = largest_difference(Rig::part(rig.arena(r).gradients, tensor),
                                                 Rig::part(alone.arena.gradients, tensor)) /
                              largest;
    CAPTURE(r, enum_name(rig.keys_of_parts[r].arm), tensor.name, difference);
    CHECK(difference <= tolerance);
  }
}

void check_variant(const StackedCase& v, at::ScalarType type, double tolerance) {
  CAPTURE(v.name);
  const StackRig rig(v.config, all_parts(v.config), type);
  REQUIRE(rig.alone.size() >= 12);
  // Twice: what the first step leaves behind must not show in the second.
  for (const uint32_t number : {4U, 5U}) {
    const at::Tensor windows = rig.windows(number);
    const at::Tensor losses = rig.run(windows, number);
    for (size_t r = 0; r < rig.alone.size(); ++r) {
      const double alone = rig.run_alone(r, windows, number);
      const auto found = losses[static_cast<int64_t>(r)].item<double>();
      CAPTURE(r, found, alone);
      CHECK(std::abs(found - alone) < tolerance);
      check_gradients(rig, r, tolerance);
    }
  }
}

}  // namespace

TEST_CASE("a stack of every arm has each model's own loss and gradients", "[model]") {
  for (const StackedCase& v : stacked_cases()) check_variant(v, at::kDouble, 1e-6);  // masks are floats
}

TEST_CASE("a stack in float has the reference's loss and gradients to rounding", "[model]") {
  for (const StackedCase& v : stacked_cases()) check_variant(v, at::kFloat, 1e-5);
}

TEST_CASE("a stack in bf16 has the loss and gradient of each model alone in bf16, near those in float",
          "[model]") {
  for (StackedCase& v : stacked_cases()) {
    CAPTURE(v.name);
    const StackRig exact(v.config, all_parts(v.config), at::kFloat);
    v.config.dtype = Dtype::bf16;
    v.config.kernels = KernelKind::reference;
    const StackRig rounded(v.config, all_parts(v.config), at::kFloat);
    const at::Tensor losses = rounded.run(rounded.windows(4), 4);
    const at::Tensor difference = (losses - exact.run(exact.windows(4), 4)).abs();
    CHECK(difference.max().item<double>() < 0.02);
    for (size_t r = 0; r < exact.alone.size(); ++r) {
      const at::Tensor ours = rounded.arena(r).gradients;
      const at::Tensor theirs = exact.arena(r).gradients;
      CAPTURE(r, enum_name(exact.keys_of_parts[r].arm));
      CHECK(ours.scalar_type() == at::kFloat);
      CHECK((ours - theirs).norm().item<double>() < 0.05 * theirs.norm().item<double>());
      CHECK(!at::equal(ours, theirs));  // it was rounded
      const double loss = rounded.run_alone(r, rounded.windows(4), 4);
      const at::Tensor alone = rounded.alone[r]->arena.gradients;
      CHECK(std::abs(loss - losses[static_cast<int64_t>(r)].item<double>()) < 0.005);
      CHECK((ours - alone).norm().item<double>() < 0.03 * alone.norm().item<double>());
    }
  }
}

TEST_CASE("the gradient of a stack is zero wherever no parameter stands", "[model]") {
  const StackedCase v = stacked_cases()[0];
  const StackRig rig(v.config, all_parts(v.config), at::kFloat);
  rig.run(rig.windows(1), 1);
  for (size_t r = 0; r < rig.alone.size(); ++r)
    for (const ParameterTensor& tensor : rig.alone[r]->layout.tensors)
      Rig::part(rig.arena(r).gradients, tensor).zero_();
  CHECK(rig.arrays->gradients.abs().max().item<double>() == 0);
}

TEST_CASE("a NaN stays in its replica", "[model]") {
  const StackedCase v = stacked_cases()[0];
  const std::vector<StackRig::Part> parts = all_parts(v.config);
  for (size_t ill = 0; ill < parts.size(); ++ill) {
    const StackRig rig(v.config, parts, at::kFloat);
    const at::Tensor sound = rig.run(rig.windows(1), 1).clone();
    const at::Tensor gradients = rig.arrays->gradients.clone();
    // Everything of it, so that no element that others point at for want of one of their own is spared.
    rig.arena(ill).parameters.fill_(std::nanf(""));
    const at::Tensor losses = rig.run(rig.windows(1), 1);
    for (size_t r = 0; r < parts.size(); ++r) {
      const auto row = static_cast<int64_t>(r);
      CAPTURE(ill, r);
      CHECK(std::isnan(losses[row].item<double>()) == (r == ill));
      if (r == ill) continue;
      CHECK(losses[row].item<double>() == sound[row].item<double>());
      CHECK(at::equal(rig.arrays->gradients[row], gradients[row]));
    }
  }
}

TEST_CASE("a layout whose trunk stands elsewhere is refused", "[model]") {
  const Config config = config_for_all_arms();
  const EmbeddingPlan tied = plan_embedding(config, Arm::tied, Bands{});
  const EmbeddingPlan standard = plan_embedding(config, Arm::standard, Bands{});
  const Layout a = make_layout(config, standard);
  const Layout b = make_layout(config, tied);
  const std::vector<Replica> replicas = {{&standard, &a, {}, {}}, {&tied, &b, {}, {}}};
  Arena stack = make_stack(replicas, at::TensorOptions(at::kFloat), 2);
  CHECK_THROWS_AS(StackedStep(config, replicas, stack), Failure);
}

TEST_CASE("masks of a stack are each replica's own", "[model]") {
  const std::vector<RandomKey> keys = {{1, 0}, {2, 0}, {0xffffffffU, 0x9abcdef0U}};
  const StackedMasks masks(keys, at::Device(at::kCPU));
  const int64_t count = 1003;
  const at::Tensor drawn = masks.draw(6, 0.3, count, at::full({}, 41, at::kLong));
  for (size_t r = 0; r < keys.size(); ++r) {
    std::vector<float> own(static_cast<size_t>(count));
    fill_dropout_mask(keys[r], 6, 41, 0.3, own);
    CHECK(at::equal(drawn[static_cast<int64_t>(r)], at::tensor(own)));
  }
}

TEST_CASE("the device code of dropout draws the bits of fill_dropout_mask", "[model]") {
  for (const RandomKey key : {RandomKey{1, 0}, RandomKey{0xffffffffU, 0x9abcdef0U}})
    for (const uint32_t site : {0U, 7U})
      for (const uint32_t step : {0U, 41U, 0xffffffffU})
        for (const double p : {0.1, 0.5}) {
          const kernels::DropoutDraw draw = dropout_draw(key, site, step, p);
          std::vector<float> mask(2000);
          fill_dropout_mask(key, site, step, p, mask);
          std::vector<float> found;
          for (int64_t i = 0; i < 2000; ++i) {
            const int64_t bits = dropout_bits<int64_t>(i, draw.site_word, key.seed, key.stream, step);
            found.push_back(bits >= draw.threshold ? kept_factor(p) : 0.0F);
          }
          CHECK(found == mask);
        }
  // Beyond 32 bits of a block's number.
  const int64_t far = (int64_t{3} << 35) + 5;
  const auto block = random_block({1, 2}, Purpose::dropout, 4, 9, static_cast<uint64_t>(far) / 8);
  CHECK(dropout_bits<int64_t>(far, purpose_word(Purpose::dropout, 4), 1, 2, 9) == block[2] >> 16);
}
