#include "study/settle.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "config/check_schedule.h"
#include "config/derived.h"
#include "config/enum_names.h"
#include "config/kernels.h"
#include "config/resolve.h"
#include "data/corpus.h"
#include "model/embedding_plan.h"
#include "model/flops.h"
#include "model/layout.h"
#include "support/error.h"
#include "support/hash.h"

namespace ate {
namespace {

bool sets(const Arm& arm, const std::string& path) {
  return std::any_of(arm.set.begin(), arm.set.end(), [&](const ArmSetting& s) { return s.path == path; });
}

// What the steps that a budget buys make of the schedule.
void throw_problems_of(const Config& config, const Arm& arm) {
  std::vector<Problem> problems = check_schedule(config);
  for (Problem& problem : problems) problem.what = "for arm " + arm.name + " " + problem.what;
  if (!problems.empty()) throw BadInput(std::move(problems));
}

EmbeddingPlan plan_of(const Config& config, const Arm& arm, int64_t seed) {
  return plan_embedding(config, arm, make_corpus(config.source, seed), seed);
}

}  // namespace

int64_t cost_seed(const Config& study) {
  return study.study.tune.axes.empty() ? study.study.seeds.front() : study.study.tune.seeds.front();
}

double flops_per_step(const Config& study, const Arm& arm, int64_t seed) {
  const Config config = arm_config(study, arm);
  return training_flops_per_token(config, plan_of(config, arm, seed)) *
         static_cast<double>(tokens_per_step(config));
}

std::string time_key(const Config& study, const Arm& arm) {
  Config config = arm_config(study, arm);
  Hash64 hash;
  for (const ParameterTensor& tensor : make_layout(config, plan_of(config, arm, cost_seed(study))).tensors) {
    hash.add(tensor.name);
    for (const int64_t size : tensor.shape) hash.add(fmt::format(" {}", size));
  }
  // Numbers by which a step only multiplies.
  const OptimiserConfig initial;
  OptimiserConfig& optimiser = config.optimiser;
  optimiser.learning_rate = initial.learning_rate;
  optimiser.beta1 = initial.beta1;
  optimiser.beta2 = initial.beta2;
  optimiser.epsilon = initial.epsilon;
  optimiser.weight_decay = initial.weight_decay;
  optimiser.clip_norm = optimiser.clip_norm > 0 ? 1 : 0;
  config.body.dropout = config.body.dropout > 0 ? 0.1 : 0;
  config.schedule = {};
  config.evaluation = {};
  config.embedding = {};  // the shapes tell it
  return hash.add(trial_hash(config, Arm::standard)).hex();
}

Settler::Settler(const Config& asked, std::function<double(const Arm&)> seconds_per_step)
    : asked_(asked), seconds_per_step_(std::move(seconds_per_step)) {
  const Arm& baseline = asked.study.arms.front();
  if (asked.study.budget != Budget::steps)
    budget_ =
        cost_of_step(with_kernels(baseline)) * static_cast<double>(steps_in_all(arm_config(asked, baseline)));
}

double Settler::cost_of_step(const Arm& arm) const {
  switch (asked_.study.budget) {
    case Budget::steps:
      return 1;
    case Budget::tokens:
      return static_cast<double>(tokens_per_step(arm_config(asked_, arm)));
    case Budget::flops:
      return flops_per_step(asked_, arm, cost_seed(asked_));
    case Budget::seconds:
      return seconds_per_step_(arm);
  }
  return 1;
}

Arm Settler::with_kernels(Arm arm) const {
  const KernelKind kernels = chosen_kernels(arm_config(asked_, arm));
  if (kernels != chosen_kernels(asked_) && !sets(arm, "kernels"))
    arm.set.push_back({"kernels", fmt::format("\"{}\"", enum_name(kernels))});
  return arm;
}

Arm Settler::settled(Arm arm) const {
  const Config config = arm_config(asked_, arm);
  arm = with_kernels(std::move(arm));
  if (asked_.study.budget == Budget::steps) return arm;
  // A share of a step within rounding of a whole one is that step.
  const auto steps = static_cast<int64_t>(std::floor(budget_ / cost_of_step(arm) + 1e-6));
  if (steps < 1)
    throw BadInput(
        "/study/budget",
        fmt::format("buys {} no step: raise schedule.epochs, or compare at equal steps", arm.name));
  if (steps != steps_in_all(config)) arm.set.push_back({"schedule.steps", std::to_string(steps)});
  throw_problems_of(arm_config(asked_, arm), arm);
  return arm;
}

}  // namespace ate
