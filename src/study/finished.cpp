#include "study/finished.h"

#include <algorithm>
#include <cmath>

#include "config/derived.h"

namespace ate {

bool finished(const TrialRecord& trial) {
  return trial.progress.status == TrainingStatus::finished && !trial.progress.evaluations.empty();
}

const Evaluation& last_evaluation(const TrialRecord& trial) { return trial.progress.evaluations.back(); }

int64_t epochs_trained(const TrialRecord& trial) { return last_evaluation(trial).epoch + 1; }

int64_t steps_at(const Config& config, const Evaluation& evaluation) {
  if (evaluation.updates > 0) return evaluation.updates;
  return std::min(steps_in_all(config), (evaluation.epoch + 1) * steps_per_epoch(config));
}

bool stopped_early(const TrialRecord& trial, const Config& study) {
  if (!finished(trial)) return false;
  const Config config = arm_config(study, trial.id.arm);
  if (!may_stop_early(config.schedule)) return false;
  const int64_t updates = last_evaluation(trial).updates;
  return updates > 0 ? updates < steps_in_all(config) : epochs_trained(trial) < epochs_in_all(config);
}

const TrialRecord* find_trial(const std::vector<TrialRecord>& trials, const Arm& arm, int64_t seed) {
  for (const TrialRecord& trial : trials)
    if (trial.id.arm == arm && trial.id.seed == seed) return &trial;
  return nullptr;
}

TrialIndex::TrialIndex(const std::vector<TrialRecord>& trials) {
  for (const TrialRecord& trial : trials) by_seed_[trial.id.seed].push_back(&trial);
}

const TrialRecord* TrialIndex::find(const Arm& arm, int64_t seed) const {
  const auto known = by_seed_.find(seed);
  if (known == by_seed_.end()) return nullptr;
  for (const TrialRecord* trial : known->second)
    if (trial->id.arm == arm) return trial;
  return nullptr;
}

std::vector<const TrialRecord*> finished_of(const std::vector<TrialRecord>& trials, const Arm& arm) {
  std::vector<const TrialRecord*> out;
  for (const TrialRecord& trial : trials)
    if (trial.id.arm == arm && finished(trial)) out.push_back(&trial);
  return out;
}

Metric metric_of(const std::vector<TrialRecord>& trials) {
  bool any = false;
  for (const TrialRecord& trial : trials) {
    if (!finished(trial)) continue;
    const std::optional<double>& excess = last_evaluation(trial).excess;
    if (!excess || !std::isfinite(*excess)) return Metric::loss;
    any = true;
  }
  return any ? Metric::excess : Metric::loss;
}

double primary_number(const Evaluation& evaluation, Metric metric) {
  return metric == Metric::excess ? evaluation.excess.value() : evaluation.loss;
}

std::optional<double> paired_difference(const TrialIndex& trials, Metric metric, const Arm& arm,
                                        const Arm& baseline, int64_t seed) {
  const TrialRecord* const own = trials.find(arm, seed);
  const TrialRecord* const other = trials.find(baseline, seed);
  if (own == nullptr || other == nullptr || !finished(*own) || !finished(*other)) return std::nullopt;
  return primary_number(last_evaluation(*own), metric) - primary_number(last_evaluation(*other), metric);
}

}  // namespace ate
