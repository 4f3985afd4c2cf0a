// Runs a study: every arm from every seed, side by side, each resumable, then the assessment.
#pragma once

#include <filesystem>

#include "config/resolve.h"
#include "run/leases.h"
#include "study/result.h"

namespace ate {

// How to run, as opposed to what: nothing here changes a trial's numbers, but for the rounding of a stack's.
struct StudyOptions {
  std::string command;  // first part of the run id
  std::filesystem::path out = "tool_outputs";
  int jobs = 0;              // trials side by side; 0: one per core, where memory allows (one on a GPU)
  int stack = 1;             // most trials in one batched step; 1: each alone; 0: what fits on a GPU, else 1
  bool fresh = false;        // start over, the old run moved aside
  double save_seconds = 30;  // most wall-clock between two checkpoints of a trial
  double silence =
      kLeaseSilence;      // seconds after which a process that says nothing loses its trials to another
  int64_t max_seeds = 0;  // add seeds until every comparison has a verdict or there are so many; 0: none
};

// Names the run of this config, whose device and kernels are chosen (on_device).
std::string study_run_id(const std::string& command, const Config& config);
// The config with the device that it trains on here; throws BadInput for /device.
Config on_device(Config config);

struct StudyOutcome {
  StudyResult result;           // every trial ended: finished or diverged
  bool reused = false;          // nothing was left to do
  bool part_of_stored = false;  // the stored result has these trials and more; it is left as it is
};

// Runs what is not finished of arms x seeds, together with other processes that do so, and assesses all of it. Trials that end as diverged are kept and
// named; the study goes on. Throws BadInput before anything is written, Failure when a file cannot be written
// or read, Interrupted when a signal asked for a stop, every trial saved.
StudyOutcome run_study(Resolved resolved, const StudyOptions& options);

}  // namespace ate
