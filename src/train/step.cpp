#include "train/step.h"

#include <ATen/ATen.h>

#include "config/kernels.h"
#include "model/fused/fused_step.h"
#include "model/fused/model_attention.h"
#include "model/precision.h"

namespace ate {
namespace {

std::unique_ptr<FusedStep> fused_step(Instance& instance) {
  Config here = instance.config;
  here.device = instance.device().str();
  if (chosen_kernels(here) == KernelKind::reference) return nullptr;
  Arena& arena = instance.arena;
  const auto data = [](at::Tensor& flat) { return flat.mutable_data_ptr<float>(); };
  HostArrays arrays{data(arena.parameters), data(arena.gradients), nullptr, nullptr};
  if (here.optimiser.kind->fused) {
    arrays.first_moment = data(arena.state.at(0));
    arrays.second_moment = data(arena.state.at(1));
  }
  return make_fused_step(here, instance.plan, instance.layout, arrays,
                         instance.noise.defined() ? instance.noise.const_data_ptr<float>() : nullptr,
                         model_attention(instance.model, here));
}

}  // namespace

TrainingStep::TrainingStep(Instance& instance) : instance_(instance), fused_(fused_step(instance)) {}

TrainingStep::~TrainingStep() = default;

double TrainingStep::loss_and_gradients(const std::vector<at::Tensor>& batches, RandomKey key,
                                        uint32_t first) {
  at::Tensor& gradients = instance_.arena.gradients;
  at::Tensor sum;
  double loss = 0;
  for (size_t i = 0; i < batches.size(); ++i) {
    if (i == 1)
      sum = gradients.clone();
    else if (i > 1)
      sum.add_(gradients);
    loss += batch_loss(batches[i], key, first + static_cast<uint32_t>(i));
  }
  const auto count = static_cast<double>(batches.size());
  if (sum.defined()) gradients.add_(sum).div_(count);
  return loss / count;
}

double TrainingStep::batch_loss(const at::Tensor& windows, RandomKey key, uint32_t number) {
  if (fused_) return fused_->loss_and_gradients(windows.const_data_ptr<int64_t>(), key, number);
  instance_.arena.gradients.zero_();
  const Tf32Products tf32(instance_.config.dtype);
  return instance_.model.training_loss(windows.to(instance_.device()), key, number).backward();
}

void TrainingStep::update(double learning_rate, int64_t step) {
  const OptimiserConfig& optimiser = instance_.config.optimiser;
  if (fused_ && optimiser.kind->fused) {
    fused_->update(optimiser, learning_rate, step);
    return;
  }
  ate::update(optimiser, instance_.layout, instance_.arena, learning_rate, step);
  parameters_changed();
}

void TrainingStep::parameters_changed() {
  if (fused_) fused_->parameters_changed();
}

void TrainingStep::set_profile(Profile* profile) {
  if (fused_) fused_->set_profile(profile);
}

}  // namespace ate
