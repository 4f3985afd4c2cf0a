#include "sweep/cost.h"

#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "config/derived.h"
#include "config/grid.h"
#include "data/corpus.h"
#include "model/embedding_plan.h"
#include "model/flops.h"
#include "model/layout.h"
#include "study/memory.h"
#include "study/settle.h"
#include "study/time_step.h"

namespace ate {
namespace {

// Trainings that cost the same: an arm from several seeds.
struct Training {
  size_t job;
  Arm arm;
  int64_t trials;
  double flops_per_step;
  double steps;
};

// The corpus drawn last: neighbouring jobs often have the same source.
class LastCorpus {
 public:
  const Corpus& of(const SourceConfig& source, int64_t seed) {
    if (!corpus_ || !(source == source_) || seed != seed_) {
      corpus_ = make_corpus(source, seed);
      source_ = source;
      seed_ = seed;
    }
    return *corpus_;
  }

 private:
  std::optional<Corpus> corpus_;
  SourceConfig source_;
  int64_t seed_ = 0;
};

std::vector<std::pair<Arm, int64_t>> trainings_of(const Config& config) {
  std::vector<std::pair<Arm, int64_t>> out;
  const StudyConfig& study = config.study;
  for (const Arm& arm : study.arms) out.emplace_back(arm, static_cast<int64_t>(study.seeds.size()));
  if (!study.tune.axes.empty())
    for (Arm& arm : tuning_arms(config, study.tune.axes))
      out.emplace_back(std::move(arm), static_cast<int64_t>(study.tune.seeds.size()));
  return out;
}

class Counter {
 public:
  explicit Counter(bool timed) : timed_(timed) {}

  // Adds the job's trainings.
  void add(size_t index, const SweepJob& job, JobCost& cost, std::vector<Training>& trainings) {
    const Config& study = job.config;
    const bool settles = timed_ || study.study.budget != Budget::seconds;
    std::optional<Settler> settler;
    if (settles) settler.emplace(study, [&](const Arm& arm) { return time_step(study, arm); });
    for (const auto& [asked, trials] : trainings_of(study)) {
      const Arm arm = settles ? settler->settled(asked) : asked;
      const Config config = arm_config(study, arm);
      const int64_t seed = cost_seed(study);
      const EmbeddingPlan plan = plan_embedding(config, arm, corpus_.of(config.source, seed), seed);
      const int64_t parameters = make_layout(config, plan).parameters;
      const double per_step =
          training_flops_per_token(config, plan) * static_cast<double>(tokens_per_step(config));
      const auto steps = static_cast<double>(steps_in_all(config));
      trainings.push_back({index, arm, trials, per_step, steps});
      cost.trials += trials;
      cost.parameters = std::max(cost.parameters, parameters);
      cost.flops += static_cast<double>(trials) * steps * per_step;
      // Parameters and two moments, in the newest checkpoint and the one before.
      cost.disk += static_cast<double>(trials) * 2 * 3 * 4 * static_cast<double>(parameters);
      cost.memory = std::max(cost.memory, trial_bytes(config, parameters));
    }
  }

 private:
  bool timed_;
  LastCorpus corpus_;
};

// Seconds of a step by its operations: measured at a few models, at the others in proportion to the nearest.
class StepTimes {
 public:
  StepTimes(const std::vector<SweepJob>& jobs, std::vector<Training> trainings) {
    std::sort(trainings.begin(), trainings.end(),
              [](const Training& a, const Training& b) { return a.flops_per_step < b.flops_per_step; });
    trainings.erase(std::unique(trainings.begin(), trainings.end(),
                                [](const Training& a, const Training& b) {
                                  return a.flops_per_step == b.flops_per_step;
                                }),
                    trainings.end());
    const size_t models = std::min<size_t>(trainings.size(), 4);
    at::set_num_threads(1);
    for (size_t i = 0; i < models; ++i) {
      const Training& model = trainings[models == 1 ? 0 : i * (trainings.size() - 1) / (models - 1)];
      measured_.emplace_back(model.flops_per_step, time_step(jobs[model.job].config, model.arm));
    }
  }

  double seconds(double flops) const {
    const auto distance = [&](const auto& one) { return std::abs(std::log(one.first / flops)); };
    const auto nearest =
        *std::min_element(measured_.begin(), measured_.end(),
                          [&](const auto& a, const auto& b) { return distance(a) < distance(b); });
    return nearest.second * flops / nearest.first;
  }

 private:
  std::vector<std::pair<double, double>> measured_;
};

}  // namespace

std::vector<JobCost> sweep_costs(const Sweep& sweep, const std::vector<SweepJob>& jobs, bool timed) {
  std::vector<JobCost> costs(jobs.size());
  std::vector<Training> trainings;
  Counter counter(timed);
  for (size_t i = 0; i < jobs.size(); ++i) {
    try {
      counter.add(i, jobs[i], costs[i], trainings);
    } catch (const BadInput& error) {
      throw resolve_job(sweep, jobs[i]).blame(error);
    }
  }
  if (!timed) return costs;
  const StepTimes times(jobs, trainings);
  for (const Training& t : trainings) {
    double& seconds = costs[t.job].seconds.emplace(costs[t.job].seconds.value_or(0));
    seconds += static_cast<double>(t.trials) * t.steps * times.seconds(t.flops_per_step);
  }
  return costs;
}

}  // namespace ate
