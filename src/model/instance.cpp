#include "model/instance.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

namespace ate {
namespace {

at::Tensor noise_tensor(const Config& config, const EmbeddingPlan& plan, RandomKey key, at::Device device) {
  if (plan.noise_rows == 0) return {};
  return at::tensor(noise_rows(plan.noise_rows, config.body.width, config.body.init, key))
      .view({plan.noise_rows, config.body.width})
      .to(device);
}

}  // namespace

Instance::Instance(const Config& settings, EmbeddingPlan tables, const at::TensorOptions& options,
                   at::Tensor rows)
    : config(settings),
      plan(std::move(tables)),
      layout(make_layout(config, plan)),
      arena(layout, options, config.optimiser.kind->state),
      noise(std::move(rows)),
      model(config, plan, layout, arena, noise) {}

Instance::Instance(const Config& settings, const TrialId& id, const Corpus& corpus, at::Device device)
    : config(arm_config(settings, id.arm)),
      plan(plan_embedding(config, id.arm, corpus, id.seed)),
      layout(make_layout(config, plan)),
      arena(layout, at::TensorOptions(at::kFloat).device(device), config.optimiser.kind->state),
      noise(noise_tensor(config, plan, trial_key(config, id), device)),
      model(config, plan, layout, arena, noise) {
  initialise(start_key(config, id));
}

at::Tensor Instance::parameter(const std::string& name) const {
  return view_of(arena.parameters, layout.at(name));
}

void Instance::initialise(RandomKey key) {
  std::vector<float> start;
  ate::initialise(layout, config.body.init, key, start);
  arena.parameters.copy_(at::tensor(start));
}

void Instance::copy_from(const Instance& other) {
  for (const ParameterTensor& tensor : layout.tensors)
    for (const ParameterTensor& theirs : other.layout.tensors)
      if (tensor.name == theirs.name && tensor.shape == theirs.shape)
        parameter(tensor.name).copy_(other.parameter(tensor.name));
}

void Instance::move_to(Arena there) {
  there.copy_from(arena);
  arena = std::move(there);
  model = Model(config, plan, layout, arena, noise);
}

}  // namespace ate
