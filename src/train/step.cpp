#include "train/step.h"

#include <ATen/ATen.h>

#include "config/kernels.h"
#include "model/fused/fused_step.h"
#include "model/model.h"
#include "model/precision.h"
#include "train/optimiser.h"

namespace ate {

TrainingStep::TrainingStep(const Config& config, const EmbeddingPlan& plan, const Layout& layout,
                           Arena& arena, const Model& model, at::Tensor noise)
    : optimiser_(config.optimiser),
      dtype_(config.dtype),
      arena_(arena),
      model_(model),
      noise_(std::move(noise)) {
  Config here = config;
  here.device = arena.parameters.device().str();
  if (chosen_kernels(here) == KernelKind::reference) return;
  const auto data = [](at::Tensor& flat) { return flat.mutable_data_ptr<float>(); };
  fused_ = make_fused_step(
      here, plan, layout,
      {data(arena.parameters), data(arena.gradients), data(arena.first_moment), data(arena.second_moment)},
      noise_.defined() ? noise_.const_data_ptr<float>() : nullptr);
}

TrainingStep::~TrainingStep() = default;

double TrainingStep::loss_and_gradients(const at::Tensor& windows, RandomKey key, uint32_t step) {
  if (fused_) return fused_->loss_and_gradients(windows.const_data_ptr<int64_t>(), key, step);
  arena_.gradients.zero_();
  const Tf32Products tf32(dtype_);
  const at::Tensor loss = model_.training_loss(windows.to(arena_.parameters.device()), key, step);
  loss.backward();
  return loss.item<double>();
}

void TrainingStep::update(double learning_rate, int64_t step) {
  if (fused_)
    fused_->update(optimiser_, learning_rate, step);
  else
    ate::update(optimiser_, arena_, learning_rate, step);
}

void TrainingStep::parameters_changed() {
  if (fused_) fused_->parameters_changed();
}

void TrainingStep::set_profile(Profile* profile) {
  if (fused_) fused_->set_profile(profile);
}

}  // namespace ate
