// The fused step against the reference model in double: the loss, and the gradient of every tensor.
#include "catch.h"
#include "config/kernels.h"
#include "helpers/attention_kinds.h"
#include "helpers/bodies.h"
#include "helpers/fused.h"
#include "helpers/golden_case.h"

using namespace ate;
using namespace ate::testing;

namespace {

constexpr RandomKey kFusedKey = {11, 3};

struct FusedCase {
  std::string name;
  Config config;
  Arm arm = Arm::standard;
  bool noise = false;
};

Config odd_shape(int64_t length, int64_t width, int64_t heads, int64_t vocabulary) {
  Config config = tiny_encoder();
  config.windows.length = length;
  config.windows.batch = 3;
  config.body.width = width;
  config.body.heads = heads;
  config.source.vocabulary = vocabulary;
  return config;
}

std::vector<FusedCase> fused_cases() {
  std::vector<FusedCase> all;
  for (const Arm& arm : all_arms()) {
    all.push_back({enum_name(arm), config_for_all_arms(), arm});
    all.push_back({std::string(enum_name(arm)) + " with biases", config_for_all_arms(), arm});
    all.back().config.embedding.projection_bias = true;
  }
  all.push_back({"noise rows", tiny_encoder(), Arm::bespoke, true});
  all.push_back({"dead rows", tiny_encoder(), Arm::bespoke, true});
  all.back().config.embedding.tables = Tables::vocabulary;
  all.push_back({"one token", odd_shape(1, 8, 2, 20)});
  all.push_back({"five tokens, three heads of 3, seven words", odd_shape(5, 9, 3, 7)});
  all.push_back({"heads of 17", odd_shape(19, 34, 2, 33)});
  all.push_back({"wide", odd_shape(32, 64, 4, 100)});
  all.push_back({"one head of 1", odd_shape(4, 1, 1, 2)});
  all.push_back({"longer than three vectors", odd_shape(50, 24, 3, 20)});
  const size_t n = all.size();
  for (size_t i = n - 6; i < n; ++i) {
    FusedCase plain = all[i];
    plain.name += ", no mask, positions nor norm";
    plain.config.body.causal = false;
    plain.config.body.positions = Positions::none;
    plain.config.body.final_norm = false;
    plain.config.body.layers = 1;
    all.push_back(plain);
  }
  const auto add = [&](const std::string& name, Arm arm, auto&& change) {
    all.push_back({name, config_for_all_arms(), std::move(arm)});
    change(all.back().config.body);
  };
  const auto gpt2 = [](BodyConfig& b) {
    b.norm = Norm::pre;
    b.activation = Activation::gelu;
  };
  for (const Arm& arm : {Arm::standard, Arm::tied, Arm::bespoke}) {
    add("pre-norm, GELU", arm, gpt2);
    add("pre-norm, GELU, no biases", arm, [&](BodyConfig& b) {
      gpt2(b);
      b.bias = false;
    });
  }
  add("pre-norm, ReLU, one layer, no positions", Arm::standard, [](BodyConfig& b) {
    b.norm = Norm::pre;
    b.layers = 1;
    b.positions = Positions::none;
  });
  add("post-norm, GELU, no last norm", Arm::standard, [](BodyConfig& b) {
    b.activation = Activation::gelu;
    b.final_norm = false;
  });
  add("no biases, a hidden width of 21", Arm::standard, [](BodyConfig& b) {
    b.bias = false;
    b.feedforward_width = 21;
  });
  add("dropout of each site", Arm::standard, [](BodyConfig& b) {
    b.dropout_attention = 0.3;
    b.dropout_residual = 0;
    b.dropout_feedforward = 0.2;
  });
  add("dropout of each site, pre-norm, GELU", Arm::standard, [&](BodyConfig& b) {
    gpt2(b);
    b.dropout_attention = 0;
    b.dropout_residual = 0.3;
    b.dropout_feedforward = 0.2;
  });
  add("pre-norm without a last norm", Arm::standard, [&](BodyConfig& b) {
    gpt2(b);
    b.final_norm = false;
  });
  add("layers of attention alone, post-norm", Arm::bespoke, [](BodyConfig& b) { b.feedforward = 0; });
  add("layers of attention alone, pre-norm, without a last norm", Arm::tied, [](BodyConfig& b) {
    b.feedforward = 0;
    b.norm = Norm::pre;
    b.final_norm = false;
  });
  add("SwiGLU, a hidden width of 21", Arm::standard, [](BodyConfig& b) {
    b.activation = Activation::swiglu;
    b.feedforward_width = 21;
  });
  add("grouped heads and rotary positions with biases", Arm::standard, [](BodyConfig& b) {
    b.heads = 8;
    b.kv_heads = 2;
    b.positions = Positions::rotary;
    b.qk_norm = true;
    b.causal = false;
  });
  for (const BodyCase& body : bodies_of_today())
    for (const Arm& arm : {Arm::standard, Arm::tied}) all.push_back({body.name, body.config, arm});
  FusedCase wide = {"Llama, heads of 34", llama_encoder()};
  wide.config.body.width = 136;
  wide.config.windows.length = 19;
  all.push_back(wide);
  return all;
}

// What the model computes in the step's stead.
std::vector<FusedCase> cases_of_heads_elsewhere() {
  std::vector<FusedCase> all;
  for (const AttentionKind& kind : sparse_kinds())
    for (const bool causal : {true, false}) {
      all.push_back({std::string(kind->name) + (causal ? "" : ", no mask"), sparse_encoder(kind, causal)});
      all.push_back(all.back());
      all.back().name += ", one head of the first layer";
      all.back().config.attention.heads = 1;
      all.back().config.attention.layers = 1;
      FusedCase llama = {std::string(kind->name) + ", Llama", llama_encoder()};
      llama.config.attention = all.back().config.attention;
      llama.config.windows.length = 11;
      llama.config.body.causal = causal;
      all.push_back(llama);
    }
  return all;
}

std::vector<FusedCase> cases_of_long_windows() {
  std::vector<FusedCase> all;
  const auto add = [&](const std::string& name, Config config) {
    config.windows.length = kLongestFusedWindow + 10;
    config.windows.batch = 2;
    all.push_back({name, config});
  };
  add("long", tiny_encoder());
  add("long, Llama", llama_encoder());
  for (const bool causal : {true, false}) {
    Config config = sparse_encoder(AttentionKind("window"), causal);
    config.attention.k = 20;
    add("long window", config);
    config = sparse_encoder(AttentionKind("block_topk"), causal);
    config.attention.own.set("block", int64_t{16});
    config.attention.k = 50;
    add("long block_topk", config);
  }
  return all;
}

at::Tensor fused_noise(const FusedCase& v) {
  if (!v.noise) return {};
  const int64_t rows = v.config.source.vocabulary / 10;
  return at::tensor(noise_rows(rows, v.config.body.width, Init::framework, kFusedKey))
      .view({rows, v.config.body.width});
}

// Parameters large enough for every unit to matter; norms and zero biases away from where they start.
std::unique_ptr<Rig> fused_rig(FusedCase v, at::ScalarType type) {
  v.config.body.init = Init::framework;
  auto rig = std::make_unique<Rig>(v.config, v.arm, shuffled_bands(v.config, v.noise), type, fused_noise(v));
  rig->initialise(kFusedKey);
  for (const ParameterTensor& tensor : rig->layout.tensors)
    if (tensor.shape.size() == 1) {
      at::Tensor part = Rig::part(rig->arena.parameters, tensor);
      part.add_(at::sin(at::arange(tensor.count(), part.options()) * 1.7) * 0.3);
    }
  return rig;
}

// The largest difference of a tensor's gradient, as a share of the largest of any tensor's.
void check_gradients(const Rig& found, const Rig& expected, double tolerance) {
  const auto largest = expected.arena.gradients.abs().max().item<double>();
  for (const ParameterTensor& tensor : expected.layout.tensors) {
    const double difference = largest_difference(Rig::part(found.arena.gradients, tensor),
                                                 Rig::part(expected.arena.gradients, tensor)) /
                              largest;
    CAPTURE(tensor.name, difference, tolerance);
    CHECK(difference <= tolerance);
  }
}

void check_step(const FusedCase& v, double p, Dtype dtype, const std::string& instructions,
                double tolerance) {
  FusedCase dropped = v;
  dropped.config.body.dropout = p;
  const auto rig = fused_rig(dropped, at::kFloat);
  const auto reference = fused_rig(dropped, at::kDouble);
  const at::Tensor noise = fused_noise(v);
  const auto step = fused_step(*rig, noise, dtype, instructions);
  // Twice: what the first step leaves behind must not show in the second.
  for (const uint32_t number : {4U, 5U}) {
    const at::Tensor windows = random_windows(v.config, v.config.windows.batch, number);
    reference->arena.gradients.zero_();
    const double expected = reference->model.training_loss(windows, kFusedKey, number).backward();
    const double loss = step->loss_and_gradients(windows.const_data_ptr<int64_t>(), kFusedKey, number);
    CAPTURE(v.name, p, instructions, loss, expected);
    CHECK(std::abs(loss - expected) < tolerance);
    check_gradients(*rig, *reference, tolerance);
  }
}

}  // namespace

TEST_CASE("the fused step has the reference's loss and every gradient", "[model]") {
  for (const FusedCase& v : fused_cases())
    for (const double p : {0.0, 0.1, 0.5}) check_step(v, p, Dtype::fp32, "", 2e-5);
}

TEST_CASE("kernels of every instruction set have the reference's loss and gradients", "[model]") {
  for (const std::string& instructions : instruction_sets())
    for (const FusedCase& v : fused_cases()) check_step(v, 0.1, Dtype::fp32, instructions, 2e-5);
}

// A bf16 factor is off by up to 2^-9 of itself; where that turns a unit on or off, a whole term comes or goes.
TEST_CASE("the fused step in bf16 has the reference's loss and gradients within a tenth", "[model]") {
  for (const std::string& instructions : instruction_sets())
    for (const FusedCase& v : fused_cases()) check_step(v, 0.1, Dtype::bf16, instructions, 0.1);
}

TEST_CASE("a fused step whose heads the model attends to has the reference's loss and gradients", "[model]") {
  for (const FusedCase& v : cases_of_heads_elsewhere()) {
    for (const double p : {0.0, 0.1}) check_step(v, p, Dtype::fp32, "", 2e-5);
    check_step(v, 0, Dtype::bf16, "", 0.1);
  }
}

TEST_CASE("a fused step over long windows has the reference's loss and gradients, dropped weights or not",
          "[model]") {
  for (const FusedCase& v : cases_of_long_windows()) {
    CAPTURE(v.name);
    Config config = v.config;
    config.body.dropout = 0;
    CHECK(attention_kernels(config, 0) == AttentionKernels::flash);
    for (const double p : {0.0, 0.1}) check_step(v, p, Dtype::fp32, "", 2e-5);
    check_step(v, 0, Dtype::bf16, "", 0.1);
  }
}

TEST_CASE("an unknown instruction set is refused", "[model]") {
  const auto rig = fused_rig({"", tiny_encoder()}, at::kFloat);
  CHECK_THROWS_AS(fused_step(*rig, {}, Dtype::fp32, "abacus"), Failure);
}

TEST_CASE("the fused step has PyTorch's losses and every gradient", "[model]") {
  int compared = 0;
  for (const std::string& name : kGoldenCases) {
    GoldenCase c(name, at::kFloat);
    if (!why_not_fused(c.rig.config).empty()) continue;
    ++compared;
    const at::Tensor windows = long_tensor(c.golden["windows"]);
    c.rig.config.windows.batch = windows.size(0);
    const at::Tensor noise = GoldenCase::noise_of(c.golden);
    const at::Tensor rows = noise.defined() ? noise.to(at::kFloat).contiguous() : noise;
    const auto step = fused_step(c.rig, rows);
    const double loss = step->loss_and_gradients(windows.const_data_ptr<int64_t>(), {0, 0}, 0);
    CAPTURE(name, loss);
    CHECK(std::abs(loss - c.golden["loss"].get<double>()) < 1e-5);
    for (const ParameterTensor& tensor : c.rig.layout.tensors) {
      const double difference = largest_difference(Rig::part(c.rig.arena.gradients, tensor),
                                                   double_tensor(c.golden["gradients"][tensor.name]));
      CAPTURE(tensor.name, difference);
      CHECK(difference <= 1e-5);
    }
  }
  CHECK(compared == 14);  // every encoder
}

TEST_CASE("a model that the fused kernels cannot run is refused, not run as another", "[model]") {
  const auto rig = fused_rig({"", tiny_bag()}, at::kFloat);
  CHECK_THROWS_AS(fused_step(*rig, {}), Failure);
}

TEST_CASE("the same step gives the same bits, wherever its arrays lie", "[model]") {
  for (const Dtype dtype : {Dtype::fp32, Dtype::bf16}) {
    const FusedCase v = {"bespoke", config_for_all_arms(), Arm::bespoke};
    const auto a = fused_rig(v, at::kFloat);
    const auto b = fused_rig(v, at::kFloat);
    const at::Tensor windows = random_windows(v.config, v.config.windows.batch, 1);
    const auto first = fused_step(*a, {}, dtype);
    const auto second = fused_step(*b, {}, dtype);
    const double loss = first->loss_and_gradients(windows.const_data_ptr<int64_t>(), kFusedKey, 1);
    CHECK(loss == second->loss_and_gradients(windows.const_data_ptr<int64_t>(), kFusedKey, 1));
    CHECK(at::equal(a->arena.gradients, b->arena.gradients));
    CHECK(loss == first->loss_and_gradients(windows.const_data_ptr<int64_t>(), kFusedKey, 1));
    CHECK(at::equal(a->arena.gradients, b->arena.gradients));
  }
}

TEST_CASE("a loss that is no number is not hidden", "[model]") {
  for (const Dtype dtype : {Dtype::fp32, Dtype::bf16}) {
    const auto rig = fused_rig({"", tiny_encoder()}, at::kFloat);
    rig->arena.parameters[rig->layout.at("layers.0.linear1.weight").offset] = std::nanf("");
    const auto step = fused_step(*rig, {}, dtype);
    const at::Tensor windows = random_windows(rig->config, rig->config.windows.batch, 1);
    CHECK(!std::isfinite(step->loss_and_gradients(windows.const_data_ptr<int64_t>(), kFusedKey, 1)));
  }
}
