// Several batches to a step: the mean of their gradients, which is the gradient of one batch so many times as large.
#include <limits>

#include "catch.h"
#include "config/derived.h"
#include "config/enum_names.h"
#include "helpers/arms.h"
#include "helpers/rig.h"
#include "helpers/trials.h"
#include "train/step.h"
#include "train/trial_stack.h"

using namespace ate;
using namespace ate::testing;

namespace {

Config settings(KernelKind kernels, int64_t accumulate) {
  Config config = config_for_all_arms();
  config.kernels = kernels;
  config.body.dropout = 0;
  config.optimiser.kind = OptimiserKind::sgd;  // linear in the gradient: rounding stays rounding
  config.optimiser.learning_rate = 0.5;
  config.windows.batch = 12 / accumulate;
  config.optimiser.accumulate = accumulate;
  return config;
}

// Step losses and the parameters after each step.
struct Course {
  std::vector<double> losses;
  std::vector<std::vector<float>> parameters;
};

Course course_of(const Config& config) {
  Trial trial = make_trial(config, Arm::bespoke, 1);
  Course out;
  for (int i = 0; i < 6; ++i) {
    out.losses.push_back(trial.step());
    out.parameters.push_back(floats_of(arrays_of(trial.checkpoint()).at("layers.0.linear1.weight")));
  }
  return out;
}

double largest(const std::vector<float>& a, const std::vector<float>& b) {
  double out = a.size() == b.size() ? 0 : std::nan("");
  for (size_t i = 0; i < a.size(); ++i) out = std::max<double>(out, std::abs(a[i] - b[i]));
  return out;
}

}  // namespace

TEST_CASE("without dropout n batches to a step are one batch n times as large", "[train]") {
  for (const KernelKind kernels : {KernelKind::reference, KernelKind::fused}) {
    const Course whole = course_of(settings(kernels, 1));
    for (const int64_t n : {2, 3, 12}) {
      const Course parts = course_of(settings(kernels, n));
      for (size_t i = 0; i < whole.losses.size(); ++i) {
        CAPTURE(enum_name(kernels), n, i);
        CHECK(std::abs(parts.losses[i] - whole.losses[i]) < 2e-6);
        CHECK(largest(parts.parameters[i], whole.parameters[i]) < 2e-6);
      }
      CHECK(largest(whole.parameters.front(), whole.parameters.back()) > 1e-3);  // it did learn
    }
  }
}

TEST_CASE("batches of a step have dropout masks of their own", "[train]") {
  for (const KernelKind kernels : {KernelKind::reference, KernelKind::fused}) {
    Config config = settings(kernels, 2);
    config.body.dropout = 0.3;
    Rig rig(config, Arm::standard, shuffled_bands(config), at::kFloat);
    rig.initialise({1, 0});
    TrainingStep step(rig);
    const at::Tensor windows = random_windows(config, config.windows.batch, 3);
    const auto loss = [&](const std::vector<at::Tensor>& batches, uint32_t first) {
      const double value = step.loss_and_gradients(batches, {1, 0}, first);
      return std::pair(value, rig.arena.gradients.clone());
    };
    const auto [fourth, fourth_gradient] = loss({windows}, 4);
    const auto [fifth, fifth_gradient] = loss({windows}, 5);
    const auto [both, gradient] = loss({windows, windows}, 4);
    CHECK(fourth != fifth);
    CHECK(both == (fourth + fifth) / 2);
    CHECK(largest_difference(gradient, (fourth_gradient + fifth_gradient) / 2) < 1e-7);
  }
}

TEST_CASE("trials in a stack accumulate as each does alone", "[train]") {
  Config config = settings(KernelKind::reference, 3);
  config.body.dropout = 0.1;
  config.optimiser.decayed = Decayed::matrices;
  config.optimiser.weight_decay = 0.1;
  config.schedule.decay = Decay::linear;
  config.schedule.unit = ScheduleUnit::step;
  config.schedule.warmup_steps = 2;
  config.evaluation.every_steps = 3;
  for (const OptimiserKind kind : {OptimiserKind::sgd, OptimiserKind::adamw}) {
    config.optimiser.kind = kind;
    if (kind == OptimiserKind::adamw) config.optimiser.learning_rate = 0.01;
    std::vector<std::unique_ptr<Trial>> trials;
    std::vector<Trial*> stacked;
    for (const Arm& arm : {Arm::standard, Arm::bespoke}) {
      trials.push_back(std::make_unique<Trial>(config, TrialId{arm, 1}, at::Device(at::kCPU)));
      stacked.push_back(trials.back().get());
    }
    TrialStack stack(config, stacked, at::Device(at::kCPU));
    while (!trials[0]->ended())
      REQUIRE(stack.advance(std::numeric_limits<int64_t>::max(), [] { return false; }).empty());
    for (const auto& trial : trials) {
      Trial alone = make_trial(config, trial->id().arm, 1);
      while (!alone.ended()) alone.advance();
      const Progress& ours = trial->progress();
      const Progress& theirs = alone.progress();
      CAPTURE(kind->name, trial->name());
      REQUIRE(ours.evaluations.size() == theirs.evaluations.size());
      CHECK(ours.updates == steps_in_all(config));
      for (size_t i = 0; i < ours.evaluations.size(); ++i) {
        CHECK(ours.evaluations[i].updates == theirs.evaluations[i].updates);
        CHECK(std::abs(ours.evaluations[i].loss - theirs.evaluations[i].loss) < 1e-5);
      }
      CHECK(std::abs(ours.train_losses.back() - theirs.train_losses.back()) < 1e-5);
    }
  }
}

TEST_CASE("a step of n batches reads n times the tokens", "[train]") {
  Config config = settings(KernelKind::reference, 1);
  const int64_t one = tokens_per_step(config);
  CHECK(one == config.windows.batch * config.windows.length);
  config.optimiser.accumulate = 4;
  CHECK(tokens_per_step(config) == 4 * one);
}
