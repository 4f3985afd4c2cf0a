// A run folder read back, as it stands: nothing is locked, written or trained.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>

#include "study/result.h"

namespace ate {

struct StoredRun {
  std::string name;                    // the folder, as the user named it
  StudyResult result;                  // of the trials that ended; its plan is not filled in
  nlohmann::ordered_json config;       // the config as resolved
  nlohmann::ordered_json environment;  // of the last process that trained; null when there is none
};

// `folder`: <out>/runs/<id>. `epoch`: trials as they stood after so many epochs; 0: at their end. Throws BadInput when it
// is no run's folder, no trial has finished, or one was not evaluated after that epoch; Failure when a file is damaged.
StoredRun read_run(const std::filesystem::path& folder, int64_t epoch);

}  // namespace ate
