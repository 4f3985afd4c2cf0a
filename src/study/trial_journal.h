// What a trial of a study leaves besides its checkpoints: progress file, evaluation events, live line.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "config/kernels.h"
#include "run/folder.h"
#include "study/kept_trials.h"
#include "study/result.h"
#include "train/loop.h"

namespace ate {

class Trial;

class TrialJournal final : public Journal {
 public:
  // Keeps references to all but the config. `stacked`: it trains among others in one step. `lease`: see Journal.
  TrialJournal(const Config& config, Trial& trial, bool stacked, RunFolder& run, double save_seconds,
               const Lease* lease);

  TrialRecord record() const;

 protected:
  nlohmann::ordered_json names() const override;
  void resumed() override;
  void report_measurement() override;
  void saved() override;
  std::vector<LivePart> live_line() const override;

 private:
  double all_seconds() const { return seconds_before_ + seconds(); }  // trained so far, over all resumes

  Config config_;  // the arm's
  KernelsUsed kernels_;
  Trial& trial_;
  std::optional<double> floor_;
  double seconds_before_ = 0;  // of earlier processes
  double saved_seconds_ = 0;   // all_seconds() at the last save: what the files hold
};

// The record of a trial that has ended already, its progress file made whole; nothing if it has not. From its newest
// checkpoint; where it has no checkpoint at all, from what the run kept of a trial of the same settings.
std::optional<TrialRecord> ended_record(const Config& config, const TrialId& id, bool stacked,
                                        const RunFolder& run, const std::map<std::string, KeptTrial>& kept);

}  // namespace ate
