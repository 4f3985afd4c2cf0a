// The trials that finished, and the one number that each is compared by. No LibTorch.
#pragma once

#include <unordered_map>

#include "study/result.h"

namespace ate {

bool finished(const TrialRecord& trial);  // to its last evaluation, not diverged

// Of a trial that finished.
const Evaluation& last_evaluation(const TrialRecord& trial);

// After how many epochs that was.
int64_t epochs_trained(const TrialRecord& trial);

// Steps that a trial of this config had made at an evaluation.
int64_t steps_at(const Config& config, const Evaluation& evaluation);

// Whether a trial of the study that finished ended before the epochs that it was given.
bool stopped_early(const TrialRecord& trial, const Config& study);

// The trial of this arm and seed, or nullptr.
const TrialRecord* find_trial(const std::vector<TrialRecord>& trials, const Arm& arm, int64_t seed);

// The same for every seed of a study that may have thousands: by seed, then by arm. The trials must outlive it.
class TrialIndex {
 public:
  explicit TrialIndex(const std::vector<TrialRecord>& trials);
  const TrialRecord* find(const Arm& arm, int64_t seed) const;

 private:
  std::unordered_map<int64_t, std::vector<const TrialRecord*>> by_seed_;
};

std::vector<const TrialRecord*> finished_of(const std::vector<TrialRecord>& trials, const Arm& arm);

// Exact excess loss where every finished trial has it, else the sampled cross-entropy: never a mixture.
Metric metric_of(const std::vector<TrialRecord>& trials);

// What an evaluation counts for in every comparison, in nats per target; lower is better.
double primary_number(const Evaluation& evaluation, Metric metric);

// Arm minus baseline, by the primary number, of a seed that finished in both.
std::optional<double> paired_difference(const TrialIndex& trials, Metric metric, const Arm& arm,
                                        const Arm& baseline, int64_t seed);

}  // namespace ate
