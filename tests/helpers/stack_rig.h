// A stack of models, and each of them alone, in float or double, with the same parameters.
#pragma once

#include <memory>
#include <vector>

#include "helpers/rig.h"
#include "model/stacked/stack.h"
#include "model/stacked/stacked_step.h"

namespace ate::testing {

class StackRig {
 public:
  struct Part {
    Arm arm = Arm::standard;
    RandomKey key;
    bool noise = false;  // some tokens outside all bands
  };

  StackRig(const Config& settings, const std::vector<Part>& parts, at::ScalarType type)
      : config(settings), keys_of_parts(parts) {
    for (const Part& part : parts) {
      const at::Tensor noise = noise_of(part);
      alone.push_back(
          std::make_unique<Rig>(config, part.arm, shuffled_bands(config, part.noise), type, noise));
      alone.back()->initialise(part.key);
      nudge_vectors(*alone.back());
      replicas.push_back(
          {&alone.back()->plan, &alone.back()->layout, noise.defined() ? noise.to(type) : noise, part.key});
    }
    arrays = std::make_unique<Arena>(
        make_stack(replicas, at::TensorOptions(type), config.optimiser.kind->state.size()));
    for (size_t r = 0; r < alone.size(); ++r) arena(r).parameters.copy_(alone[r]->arena.parameters);
    step = std::make_unique<StackedStep>(config, replicas, *arrays);
  }

  Arena arena(size_t r) const {
    return replica_arena(*arrays, static_cast<int64_t>(r), alone[r]->layout.size);
  }

  // Losses of the stack; gradients in `arrays`.
  at::Tensor run(const at::Tensor& windows, int64_t number) const {
    return step->losses_and_gradients(windows, at::full({}, number, at::kLong));
  }
  // Loss of model r alone, by the reference; gradients in its own arena.
  double run_alone(size_t r, const at::Tensor& windows, uint32_t number) const {
    alone[r]->arena.gradients.zero_();
    return alone[r]
        ->model.training_loss(windows[static_cast<int64_t>(r)], keys_of_parts[r].key, number)
        .backward();
  }
  // Other windows for each model: [R, B, T + 1].
  at::Tensor windows(uint32_t number) const {
    std::vector<at::Tensor> rows;
    for (size_t r = 0; r < alone.size(); ++r)
      rows.push_back(random_windows(config, config.windows.batch, number + 100 * static_cast<uint32_t>(r)));
    return at::stack(rows);
  }

  Config config;
  std::vector<Part> keys_of_parts;
  std::vector<std::unique_ptr<Rig>> alone;
  std::vector<Replica> replicas;
  std::unique_ptr<Arena> arrays;
  std::unique_ptr<StackedStep> step;

 private:
  at::Tensor noise_of(const Part& part) const {
    if (!part.noise) return {};
    const int64_t rows = config.source.vocabulary / 10;
    return at::tensor(noise_rows(rows, config.body.width, Init::framework, part.key))
        .view({rows, config.body.width});
  }
  // Norms and zero biases away from where they start.
  static void nudge_vectors(Rig& rig) {
    for (const ParameterTensor& tensor : rig.layout.tensors)
      if (tensor.shape.size() == 1) {
        at::Tensor part = Rig::part(rig.arena.parameters, tensor);
        part.add_(at::sin(at::arange(tensor.count(), part.options()) * 1.7) * 0.3);
      }
  }
};

}  // namespace ate::testing
