// What a run's trials measured, without their weights: trials.json beside config.json. With it a run can be reported,
// compared and given more seeds when its checkpoints are gone, or were never copied. No LibTorch.
#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "study/result.h"

namespace ate {

class RunFolder;

struct KeptTrial {
  Progress progress;
  std::string experiment;  // trial_hash() of its config; empty in files of earlier versions
};

// By the names of their checkpoints: "bespoke-s3". Empty where there is no such file; throws Failure, with the place, for
// a damaged one.
std::map<std::string, KeptTrial> read_kept_trials(const std::filesystem::path& folder);

// Adds those records of a study that have ended to the file, in place of those of the same names; a file that has them
// all is left alone.
void keep_trials(const RunFolder& run, const Config& study, const std::vector<TrialRecord>& records);

}  // namespace ate
