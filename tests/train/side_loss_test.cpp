// What learns from a side loss alone, a selector, never moves the model.
#include <cmath>
#include <limits>

#include "catch.h"
#include "helpers/attention_kinds.h"
#include "helpers/rig.h"
#include "helpers/trials.h"
#include "train/optimiser.h"

using namespace ate;
using namespace ate::testing;

namespace {

// As many keys as positions: exactly dense, whatever the selector scores.
Config dense_in_all_but_name(const char* kind, double distil) {
  Config config = sparse_encoder(AttentionKind(kind));
  config.attention.k = config.windows.length;
  config.attention.distil = distil;
  if (config.attention.kind == AttentionKind::mlp_topk) config.attention.own.set("approximator", false);
  config.body.dropout = 0;
  config.optimiser.clip_norm = 0.1;  // cuts every gradient here
  return config;
}

}  // namespace

TEST_CASE("with a clip, a selector's gradient leaves the model's losses where they were", "[train]") {
  for (const char* kind : {"mlp_topk", "lowrank_topk"}) {
    std::vector<std::vector<double>> losses;
    std::vector<std::string> selectors;
    for (const double distil : {0.0, 1.0, 100.0}) {
      Trial trial = make_trial(dense_in_all_but_name(kind, distil), Arm::standard);
      const auto arrays = arrays_of(final_state(trial));
      losses.push_back(trial.progress().validation_losses());
      for (const auto& [name, bytes] : arrays)
        if (name.find("selector.0.weight") != std::string::npos ||
            name.find("lowrank_query") != std::string::npos) {
          selectors.push_back(bytes);
          break;
        }
    }
    CAPTURE(kind);
    // The order in which a choice of all keys comes, and so the rounding of sums over them, is the selector's.
    for (size_t i = 0; i < losses[0].size(); ++i) {
      CHECK(std::abs(losses[0][i] - losses[1][i]) < 1e-5);
      CHECK(std::abs(losses[0][i] - losses[2][i]) < 1e-5);
    }
    CHECK(selectors[0] != selectors[1]);  // which did learn
  }
}

TEST_CASE("a side loss that is no number leaves the model's loss and gradients", "[train]") {
  const Config config = dense_in_all_but_name("lowrank_topk", 1);
  Rig sound(config, Arm::standard, shuffled_bands(config), at::kDouble);
  Rig broken(config, Arm::standard, shuffled_bands(config), at::kDouble);
  for (Rig* rig : {&sound, &broken}) rig->initialise({1, 0});
  const at::Tensor windows = random_windows(config, 4, 4);
  const double loss = sound.model.training_loss(windows, {1, 0}, 0).backward();
  TrainingLoss poisoned = broken.model.training_loss(windows, {1, 0}, 0);
  poisoned.side = poisoned.side * std::numeric_limits<double>::quiet_NaN();
  CHECK(poisoned.backward() == loss);
  for (Rig* rig : {&sound, &broken}) update(config.optimiser, rig->layout, rig->arena, 0.1, 1);
  for (const ParameterTensor& tensor : sound.layout.tensors) {
    CAPTURE(tensor.name);
    if (tensor.side_loss)
      CHECK(Rig::part(broken.arena.parameters, tensor).isnan().any().item<bool>());
    else
      CHECK(largest_difference(Rig::part(broken.arena.parameters, tensor),
                               Rig::part(sound.arena.parameters, tensor)) == 0);
  }
}
