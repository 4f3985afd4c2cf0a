// One trial from where it stands to its end, with its checkpoints, progress file, events and live line.
#pragma once

#include <atomic>
#include <optional>

#include "run/folder.h"
#include "study/result.h"
#include "train/trial.h"

namespace ate {

class TrialRunner {
 public:
  // `cancelled`: another trial failed for a reason that stops the whole study, such as a full disk.
  TrialRunner(const Config& config, TrialId id, at::Device device, RunFolder& run, double save_seconds,
              const std::atomic<bool>& cancelled);

  // Continues from the newest sound checkpoint, if there is one, until the trial ends or a stop is asked for;
  // saves in both cases.
  TrialRecord run();

  // The record of a trial that has ended already, from its newest checkpoint; nothing if it has not.
  static std::optional<TrialRecord> ended_record(TrialId id, const RunFolder& run);

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
  at::Device device_;
  RunFolder& run_;
  double save_seconds_;
  const std::atomic<bool>& cancelled_;
  std::optional<double> floor_;
  double seconds_before_ = 0;  // of earlier processes
  double saved_seconds_ = 0;   // seconds() at the last save: what the files hold
  int64_t first_update_ = 0;   // of this process
  double started_ = 0;
  double saved_ = 0;
};

}  // namespace ate
