// A run folder read back, as it stands: nothing is locked, written or trained. Without its checkpoints it is a record, whose
// small files can be kept and passed on.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>

#include "study/result.h"

namespace ate {

struct StoredRun {
  std::string name;                    // the folder, as the user named it
  int64_t epoch = 0;                   // trials are as they stood after so many epochs; 0: at their end
  StudyResult result;                  // of every trial with a checkpoint, or in trials.json
  bool checkpoints = true;             // whether any is there
  nlohmann::ordered_json config;       // the config as resolved
  nlohmann::ordered_json environment;  // of the last process that trained; null when there is none
};

// The config of a run. Throws BadInput when `folder` is no run's folder, or its config is no config.
Config read_stored_config(const std::filesystem::path& folder);

// The arms that a run may have trials of: those of its config with what they were given before they trained (plan.json),
// and every kind of embedding.
std::vector<Arm> arms_of_run(const std::filesystem::path& folder, const Config& config);

// The arms of its config as tuning trains them, at every point of its grid, but for the steps of a budget.
std::vector<Arm> tuning_arms_of_run(const std::filesystem::path& folder, const Config& config);

// `folder`: <out>/runs/<id>. With an `epoch` above 0 trials that were evaluated after it count as finished, those under
// way too. Throws BadInput when it is no run's folder, or no trial counts; Failure when a file is damaged.
StoredRun read_run(const std::filesystem::path& folder, int64_t epoch);

}  // namespace ate
