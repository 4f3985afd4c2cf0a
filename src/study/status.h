// How far runs are, from their files alone: nothing is locked, written or trained. No LibTorch.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "report/table.h"
#include "run/holder.h"

namespace ate {

// A trial, and the process that trains it.
struct RunningTrial {
  std::string trial;
  Holder holder;
  int64_t silent = 0;  // seconds since its lease was touched
  int64_t epochs = 0;  // completed, as of its last save
  int64_t epochs_in_all = 0;
  double left = 0;  // seconds; NaN unknown
};

struct RunStatus {
  std::filesystem::path folder;
  std::string id;
  std::string name;               // of its config
  std::vector<std::string> arms;  // of a study
  bool working = false;           // a process works on it
  bool done = false;              // its result is stored, and nothing is open
  int64_t trials = 0;             // those below together
  int64_t finished = 0;
  int64_t diverged = 0;
  std::vector<RunningTrial> running;
  int64_t open = 0;
  std::optional<bool> tuned{};  // of a study that tunes
  int64_t tuning_trials = 0;    // in all, as far as the grid is known; and those that have ended
  int64_t tuning_ended = 0;
  double left = 0;      // seconds for all of it; NaN unknown
  int64_t changed = 0;  // last, by its files: seconds since 1970
};

// The runs that a word of the command line names: a run's folder, or all runs of an --out folder. Throws BadInput where
// there is none.
std::vector<std::filesystem::path> runs_at(const std::filesystem::path& path);

// Whether a process works on the run.
bool is_worked_on(const std::filesystem::path& folder);

// Throws BadInput when it is no run's folder, Failure when a file that tells its trials is damaged.
RunStatus read_status(const std::filesystem::path& folder);

Report status_report(const std::vector<RunStatus>& runs);

}  // namespace ate
