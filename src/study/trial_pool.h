// Trains the trials of a study side by side, together with other processes that do so, and gives their records, those
// that had ended before among them.
#pragma once

#include <vector>

#include "run/folder.h"
#include "study/result.h"
#include "study/trial_units.h"

namespace ate {

struct PoolOptions {
  int jobs = 1;
  int most_in_stack = 1;
  double save_seconds = 30;
};

class TrialPool {
 public:
  // `asked`: the study's config on its device, before its kernels are chosen; `config`: after. Keeps references.
  TrialPool(const Config& asked, const Config& config, RunFolder& run, const PoolOptions& options);

  // In the order given, when all have ended: those of other processes are waited for. `what` they are, for the log: "to
  // train". Throws Interrupted when a signal asked for a stop, every trial saved; the first failure of one stops all.
  std::vector<TrialRecord> train(const std::vector<TrialId>& trials, const std::string& what);

  bool trained() const { return trained_; }  // whether any trial had not ended before

 private:
  const Config& asked_;
  const Config& config_;
  RunFolder& run_;
  PoolOptions options_;
  bool trained_ = false;
  bool begun_ = false;  // one here
};

}  // namespace ate
