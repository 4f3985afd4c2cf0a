// Trials on fused kernels: the reference's numbers to rounding, and their own in the same bits.
#include "helpers/fused.h"

#include <cmath>

#include "catch.h"
#include "config/kernels.h"
#include "helpers/arms.h"
#include "helpers/attention_kinds.h"
#include "helpers/trials.h"
#include "train/optimiser.h"

using namespace ate;
using namespace ate::testing;

namespace {

std::vector<double> curve(Config config, KernelKind kernels, Arm arm, Dtype dtype = Dtype::fp32) {
  config.kernels = kernels;
  config.dtype = dtype;
  Trial trial = make_trial(config, arm, 2);
  while (!trial.ended()) trial.advance();
  return trial.progress().train_losses;
}

double largest(const std::vector<double>& a, const std::vector<double>& b) {
  double out = a.size() == b.size() ? 0 : std::nan("");
  for (size_t i = 0; i < a.size(); ++i) out = std::max(out, std::abs(a[i] - b[i]));
  return out;
}

}  // namespace

TEST_CASE("auto trains an encoder on the CPU with the fused kernels, a bag with the reference", "[train]") {
  const auto final_bits = [](Config config, KernelKind kernels) {
    config.kernels = kernels;
    Trial trial = make_trial(config, Arm::bespoke);
    return arrays_of(final_state(trial));
  };
  const bool fused =
      final_bits(tiny_encoder(), KernelKind::automatic) == final_bits(tiny_encoder(), KernelKind::fused);
  const bool other =
      final_bits(tiny_encoder(), KernelKind::automatic) == final_bits(tiny_encoder(), KernelKind::reference);
  const bool bag =
      final_bits(tiny_bag(), KernelKind::automatic) == final_bits(tiny_bag(), KernelKind::reference);
  CHECK(fused);
  CHECK(!other);
  CHECK(bag);
}

TEST_CASE("every arm's losses are the reference's", "[train]") {
  for (const Arm& arm : all_arms()) {
    CAPTURE(enum_name(arm));
    const Config config = config_for_all_arms();
    const std::vector<double> reference = curve(config, KernelKind::reference, arm);
    CHECK(largest(curve(config, KernelKind::fused, arm), reference) < 1e-5);
    CHECK(largest(curve(config, KernelKind::fused, arm, Dtype::bf16), reference) < 0.02);
    const double in_bf16 = largest(curve(config, KernelKind::reference, arm, Dtype::bf16), reference);
    CHECK(in_bf16 < 0.02);
    CHECK(in_bf16 > 1e-6);  // it did round
  }
}

// The same gradients, some large and some small, to both for a few updates.
void check_updates(const Config& config, const Arm& arm, const std::string& instructions) {
  Rig fused(config, arm, shuffled_bands(config), at::kFloat);
  Rig reference(config, arm, shuffled_bands(config), at::kFloat);
  fused.initialise({1, 0});
  reference.initialise({1, 0});
  const auto step = fused_step(fused, {}, Dtype::fp32, instructions);
  for (int64_t i = 1; i <= 5; ++i) {
    for (Rig* rig : {&fused, &reference}) {
      rig->arena.gradients.zero_();
      for (const ParameterTensor& tensor : rig->layout.tensors)
        Rig::part(rig->arena.gradients, tensor)
            .copy_(at::cos(at::arange(tensor.count(), at::kFloat) * i) * (i % 2 == 0 ? 1 : 1e-3));
    }
    step->update(config.optimiser, 0.01, i);
    update(config.optimiser, reference.layout, reference.arena, 0.01, i);
    CAPTURE(instructions, i);
    CHECK(largest_difference(fused.arena.parameters, reference.arena.parameters) < 1e-6);
    CHECK(largest_difference(fused.arena.state[0], reference.arena.state[0]) < 1e-6);
    CHECK(largest_difference(fused.arena.state[1], reference.arena.state[1]) < 1e-6);
  }
  // Padding stays zero.
  for (const ParameterTensor& tensor : fused.layout.tensors)
    Rig::part(fused.arena.parameters, tensor).zero_();
  CHECK(fused.arena.parameters.abs().max().item<double>() == 0);
}

TEST_CASE("a fused update is the reference's", "[train]") {
  for (const OptimiserKind kind : {OptimiserKind::adam, OptimiserKind::adamw})
    for (const double clip_norm : {0.0, 1.0})
      for (const std::string& instructions : instruction_sets()) {
        Config config = tiny_encoder();
        config.optimiser.kind = kind;
        config.optimiser.decayed = clip_norm > 0 ? Decayed::matrices : Decayed::all;
        config.optimiser.clip_norm = clip_norm;
        config.optimiser.weight_decay = 0.1;
        CAPTURE(enum_name(kind), clip_norm);
        check_updates(config, Arm::bespoke, instructions);
      }
}

TEST_CASE("a fused update clips a selector by itself, as the reference does", "[train]") {
  for (const char* kind : {"mlp_topk", "lowrank_topk"}) {
    Config config = sparse_encoder(AttentionKind(kind));
    config.optimiser.decayed = Decayed::matrices;
    config.optimiser.clip_norm = 0.1;
    CAPTURE(kind);
    check_updates(config, Arm::standard, "");
  }
}

TEST_CASE("every kind of attention has the reference's losses on the fused kernels", "[train]") {
  for (const AttentionKind& kind : sparse_kinds()) {
    const Config config = sparse_encoder(kind);
    CAPTURE(kind->name);
    CHECK(chosen_kernels(config) == KernelKind::fused);
    const std::vector<double> reference = curve(config, KernelKind::reference, Arm::standard);
    CHECK(largest(curve(config, KernelKind::fused, Arm::standard), reference) < 1e-4);
    CHECK(largest(curve(config, KernelKind::fused, Arm::standard, Dtype::bf16), reference) < 0.05);
  }
}

TEST_CASE("a bf16 trial resumed at any step goes on in the same bits", "[train]") {
  Config config = config_for_all_arms();
  config.dtype = Dtype::bf16;
  for (const Arm& arm : {Arm::bespoke, Arm::tied}) {
    Trial uninterrupted = make_trial(config, arm, 1);
    const std::vector<std::string> states = all_states(uninterrupted);
    for (size_t k = 0; k + 1 < states.size(); ++k) {
      Trial resumed = make_trial(config, arm, 1);
      restore(resumed, states[k]);
      resumed.advance();
      const bool equal = resumed.checkpoint() == states[k + 1];
      CAPTURE(enum_name(arm), k);
      CHECK(equal);
    }
  }
}

TEST_CASE("optimisers without a fused update train on the fused kernels, with the reference's losses",
          "[train]") {
  for (const OptimiserKind kind : {OptimiserKind::sgd, OptimiserKind::muon}) {
    Config config = config_for_all_arms();
    config.optimiser.kind = kind;
    config.optimiser.own.set("momentum", 0.9);
    config.optimiser.decayed = Decayed::matrices;
    CHECK(chosen_kernels(config) == KernelKind::fused);
    for (const Arm& arm : {Arm::standard, Arm::bespoke}) {
      CAPTURE(kind->name, enum_name(arm));
      const std::vector<double> reference = curve(config, KernelKind::reference, arm);
      CHECK(reference.back() < reference.front());
      CHECK(largest(curve(config, KernelKind::fused, arm), reference) < 1e-5);
      CHECK(largest(curve(config, KernelKind::fused, arm, Dtype::bf16), reference) < 0.02);
    }
  }
}
