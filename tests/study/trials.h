// Trials made by hand, for assessments.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "helpers/tiny.h"
#include "study/result.h"

namespace ate::testing {

// An encoder's study over seeds 0, 1, ..., with a floor of 2.7 nats or so.
inline Config study_config(int seeds) {
  Config config = tiny_encoder();
  config.study.seeds.clear();
  for (int seed = 0; seed < seeds; ++seed) config.study.seeds.push_back(seed);
  return config;
}

inline TrialRecord finished(Arm arm, int64_t seed, const std::vector<double>& losses,
                            double standard_error = 0.01) {
  TrialRecord trial;
  trial.id = {arm, seed};
  trial.seconds = 1.5;
  Progress& p = trial.progress;
  p.status = TrainingStatus::finished;
  p.parameters = arm == Arm::standard ? 1000 : 1500;
  p.epoch = static_cast<int64_t>(losses.size());
  for (size_t i = 0; i < losses.size(); ++i) {
    Evaluation evaluation;
    evaluation.epoch = static_cast<int64_t>(i);
    evaluation.loss = losses[i];
    evaluation.standard_error = standard_error;
    evaluation.targets = 96;
    evaluation.by_position = std::vector<double>(6, losses[i]);
    p.evaluations.push_back(evaluation);
  }
  return trial;
}

inline TrialRecord diverged(Arm arm, int64_t seed) {
  TrialRecord trial = finished(arm, seed, {4.0});
  trial.progress.status = TrainingStatus::diverged;
  trial.progress.reason = "the training loss was inf at epoch 2, step 1";
  return trial;
}

// A trial that ended after this number of epochs, at this loss.
inline TrialRecord ended_after(Arm arm, int64_t seed, int64_t epochs, double loss) {
  std::vector<double> losses(static_cast<size_t>(epochs), 9.0);
  losses.back() = loss;
  return finished(arm, seed, losses);
}

// Both arms for seeds 0, 1, ...: final losses by seed.
inline std::vector<TrialRecord> pairs(const std::vector<double>& standard,
                                      const std::vector<double>& bespoke) {
  std::vector<TrialRecord> trials;
  for (size_t seed = 0; seed < standard.size(); ++seed) {
    trials.push_back(finished(Arm::standard, static_cast<int64_t>(seed), {9.0, standard[seed]}));
    trials.push_back(finished(Arm::bespoke, static_cast<int64_t>(seed), {9.0, bespoke[seed]}));
  }
  return trials;
}

inline const Canary* find_canary(const StudyResult& result, const std::string& name) {
  const auto it = std::find_if(result.canaries.begin(), result.canaries.end(),
                               [&](const Canary& canary) { return canary.name == name; });
  return it == result.canaries.end() ? nullptr : &*it;
}

inline bool any_note(const StudyResult& result, const std::string& part) {
  return std::any_of(result.notes.begin(), result.notes.end(),
                     [&](const std::string& note) { return note.find(part) != std::string::npos; });
}

}  // namespace ate::testing
