#include "bench/step_runner.h"

#include <ATen/ATen.h>

#include <cmath>

#include "config/derived.h"
#include "data/corpus.h"
#include "model/flops.h"
#include "model/instance.h"
#include "model/precision.h"
#include "support/error.h"
#include "train/data.h"
#include "train/optimiser.h"
#include "train/trial.h"

namespace ate {
namespace {

Config settings(Config config, Runner runner, Dtype dtype) {
  config.kernels = runner == Runner::fused ? KernelKind::fused : KernelKind::reference;
  config.dtype = dtype;
  return config;
}

}  // namespace

// As a script would write it: LibTorch's operations one after the other, and its own dropout: the counted masks that all of
// this program's trials share are drawn on one thread, which an eager script has no reason to do.
class StepRunner::Eager {
 public:
  Eager(const Config& config, const TrialId& id)
      : data_(config, id), model_(config, id, data_.corpus, at::kCPU) {}

  double step() {
    const Config& config = model_.config;
    const std::vector<at::Tensor> batches =
        data_.step_batches(updates_ / data_.steps, updates_ % data_.steps);
    const auto dropout = [&](const at::Tensor& x, uint32_t site) {
      return at::dropout(x, dropout_probability(config.body, site), /*train=*/true);
    };
    model_.arena.gradients.zero_();
    double value = 0;
    for (const at::Tensor& windows : batches) {
      TrainingLoss loss;
      {
        const Autocast autocast(config.dtype, at::kCPU);
        loss = model_.model.training_loss(windows, dropout);
      }
      value += loss.backward() / static_cast<double>(batches.size());
    }
    if (batches.size() > 1) model_.arena.gradients.div_(static_cast<double>(batches.size()));
    update(config.optimiser, model_.layout, model_.arena, config.optimiser.learning_rate, ++updates_);
    return value;
  }

 private:
  TrialData data_;
  Instance model_;
  int64_t updates_ = 0;
};

struct StepRunner::State {
  Config config;
  std::unique_ptr<Trial> fused;  // the step of the training loop itself
  std::unique_ptr<Eager> eager;
};

StepRunner::StepRunner(const Config& config, Arm arm, Runner runner, Dtype dtype, int64_t seed)
    : state_(std::make_unique<State>()) {
  state_->config = settings(arm_config(config, arm), runner, dtype);
  if (runner == Runner::fused)
    state_->fused = std::make_unique<Trial>(state_->config, TrialId{arm, seed}, at::kCPU);
  else
    state_->eager = std::make_unique<Eager>(state_->config, TrialId{arm, seed});
  flops_ = training_flops_per_token(
               state_->config,
               plan_embedding(state_->config, arm, make_corpus(state_->config.source, seed), seed)) *
           static_cast<double>(tokens_per_step(state_->config));
}

StepRunner::~StepRunner() = default;

void StepRunner::step() {
  const double loss = state_->fused ? state_->fused->step() : state_->eager->step();
  if (!std::isfinite(loss)) throw Failure("bench step", "the training loss is no number; give a lower rate");
}

void StepRunner::set_profile(Profile* profile) {
  if (state_->fused) state_->fused->set_profile(profile);
}

}  // namespace ate
