// Runs the jobs of a sweep: several studies side by side, each resumable; a failure of one stops no other.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "sweep/jobs.h"

namespace ate {

struct SweepOptions {
  std::filesystem::path out = "tool_outputs";
  int jobs = 0;              // trials side by side; 0: one per core, where memory allows (one on a GPU)
  double save_seconds = 30;  // as of a study
  int64_t max_fails = 0;     // failed jobs after which no other begins; 0: no limit
  bool only_failed = false;  // jobs alone that failed before
  bool fresh = false;        // with only_failed: those that diverged too, from the start
  Shard shard;
};

struct SweepOutcome {
  int64_t finished = 0;  // trained or gone on with here
  int64_t found = 0;     // finished before
  int64_t failed = 0;    // diverged arms or an error
  int64_t left = 0;      // not begun for --max-fails, or as a retry leaves alone what has not failed
};

// `jobs`: all of the sweep; those of the shard are run. Throws Interrupted when a signal asked for a stop, every trial
// saved.
SweepOutcome run_sweep(const Sweep& sweep, const std::vector<SweepJob>& jobs, const SweepOptions& options);

}  // namespace ate
