#include "measure/trainee.h"

#include <ATen/ATen.h>

#include <cmath>

#include "config/derived.h"
#include "data/corpus.h"
#include "data/source.h"
#include "data/windows.h"
#include "model/flops.h"
#include "model/model.h"
#include "model/precision.h"
#include "support/error.h"
#include "train/optimiser.h"
#include "train/step.h"

namespace ate {
namespace {

Config settings(Config config, Runner runner, Dtype dtype) {
  config.kernels = runner == Runner::fused ? KernelKind::fused : KernelKind::reference;
  config.dtype = dtype;
  return config;
}

at::Tensor noise_tensor(const Config& config, const EmbeddingPlan& plan, RandomKey key) {
  if (plan.noise_rows == 0) return {};
  return at::tensor(noise_rows(plan.noise_rows, config.body.width, config.body.init, key))
      .view({plan.noise_rows, config.body.width});
}

}  // namespace

struct Trainee::State {
  State(const Config& c, Arm arm, Runner r, Dtype dtype, int64_t seed)
      : config(settings(c, r, dtype)),
        runner(r),
        key{static_cast<uint32_t>(seed), 0},
        corpus(open_source(config.source)->corpus(seed)),
        plan(plan_embedding(config, arm, corpus, seed)),
        layout(make_layout(config, plan)),
        arena(layout, at::TensorOptions(at::kFloat)),
        noise(noise_tensor(config, plan, key)),
        model(config, plan, layout, arena, noise),
        training(config, plan, layout, arena, model, noise) {
    std::vector<float> start;
    initialise(layout, config.body.init, key, start);
    arena.parameters.copy_(at::tensor(start));
    training.parameters_changed();
  }

  at::Tensor batch() const {
    const int64_t steps = steps_per_epoch(config);
    const int64_t length = config.windows.length + 1;
    at::Tensor windows = at::empty({config.windows.batch, length}, at::kLong);
    auto* out = windows.mutable_data_ptr<int64_t>();
    for (const int64_t start : training_windows(config, corpus, key, updates / steps, updates % steps)) {
      corpus.read(start, {out, static_cast<size_t>(length)});
      out += length;
    }
    return windows;
  }

  // The reference, but with LibTorch's own dropout: the counted masks that all of this program's trials share
  // are drawn on one thread, which an eager script has no reason to do.
  double eager_loss_and_gradients(const at::Tensor& windows) {
    arena.gradients.zero_();
    at::Tensor loss;
    {
      const Autocast autocast(config.dtype, at::kCPU);
      const double p = config.body.dropout;
      loss = model.training_loss(
          windows, [p](const at::Tensor& x, uint32_t) { return at::dropout(x, p, /*train=*/true); });
    }
    loss.backward();
    return loss.item<double>();
  }

  void step() {
    const at::Tensor windows = batch();
    const double loss = runner == Runner::fused
                            ? training.loss_and_gradients(windows, key, static_cast<uint32_t>(updates))
                            : eager_loss_and_gradients(windows);
    if (!std::isfinite(loss))
      throw Failure("bench step", "the training loss is no number; give a lower rate");
    ++updates;
    if (runner == Runner::fused)
      training.update(config.optimiser.learning_rate, updates);
    else
      update(config.optimiser, arena, config.optimiser.learning_rate, updates);
  }

  Config config;
  Runner runner;
  RandomKey key;
  Corpus corpus;
  EmbeddingPlan plan;
  Layout layout;
  Arena arena;
  at::Tensor noise;
  Model model;
  TrainingStep training;
  int64_t updates = 0;
};

Trainee::Trainee(const Config& config, Arm arm, Runner runner, Dtype dtype, int64_t seed)
    : state_(std::make_unique<State>(config, arm, runner, dtype, seed)) {}

Trainee::~Trainee() = default;

void Trainee::step() { state_->step(); }

double Trainee::flops() const {
  const WindowsConfig& windows = state_->config.windows;
  return training_flops_per_token(state_->config, state_->plan) *
         static_cast<double>(windows.batch * windows.length);
}

void Trainee::set_profile(Profile* profile) { state_->training.set_profile(profile); }

}  // namespace ate
