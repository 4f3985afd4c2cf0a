// What one trial leaves on disk and on the terminal while it runs: checkpoints, progress file, events, live
// line.
#pragma once

#include <optional>

#include "run/folder.h"
#include "study/result.h"

namespace ate {

class Trial;

class TrialJournal {
 public:
  // Keeps references to config and run. `save_seconds`: most wall-clock between two checkpoints.
  TrialJournal(const Config& config, TrialId id, RunFolder& run, double save_seconds);

  // The record of a trial that has ended already, from its newest checkpoint; nothing if it has not.
  static std::optional<TrialRecord> ended_record(TrialId id, const RunFolder& run);

  // Takes the trial up from its newest sound checkpoint, if there is one, and starts the clock.
  void open(Trial& trial);

  // After one step or several: reports an evaluation, saves when that is due, updates the live line.
  void note(const Trial& trial);
  // Whether note() would save or show something by the clock.
  bool due() const;

  // Ends the live line and gives the record; a trial that has not ended is saved where it stands, if `keep`.
  TrialRecord close(const Trial& trial, bool keep);

 private:
  void restore(Trial& trial);
  void save(const Trial& trial);
  void report_evaluation(const Trial& trial);
  void write_progress(const Trial& trial) const;
  void show_progress(const Trial& trial) const;
  double seconds() const;  // trained so far, over all resumes
  double seconds_left(const Trial& trial) const;

  const Config& config_;
  TrialId id_;
  RunFolder& run_;
  double save_seconds_;
  std::optional<double> floor_;
  double seconds_before_ = 0;  // of earlier processes
  double saved_seconds_ = 0;   // seconds() at the last save: what the files hold
  int64_t first_update_ = 0;   // of this process
  double started_ = 0;
  double saved_ = 0;
  double shown_ = 0;
};

}  // namespace ate
