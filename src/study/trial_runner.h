// Trials from where they are to their end: one alone, or several in a stack.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "run/folder.h"
#include "study/result.h"
#include "study/trial_journal.h"
#include "study/trial_units.h"
#include "train/trial.h"
#include "train/trial_stack.h"

namespace ate {

class TrialRunner {
 public:
  // `cancelled`: another trial failed for a reason that stops the whole study, such as a full disk. `leases`: of the
  // unit's trials, in their order; none where the process has the run alone.
  TrialRunner(const Config& config, const TrialUnit& unit, at::Device device, RunFolder& run,
              double save_seconds, const std::atomic<bool>& cancelled, const std::vector<Lease>& leases = {});

  // Continues each from its newest sound checkpoint, if there is one, until all have ended or a stop is asked for;
  // saves in both cases. Throws LeaseLost when another process has taken one over.
  std::vector<TrialRecord> run();

 private:
  struct Member {
    std::unique_ptr<Trial> trial;
    std::unique_ptr<TrialJournal> journal;
    bool alone;  // trains by itself: not stacked, or it has left the stack
  };

  bool stopped() const;
  std::vector<Member*> furthest_behind();
  void train_stack(const std::vector<Member*>& group);

  const Config& config_;
  at::Device device_;
  const std::atomic<bool>& cancelled_;
  std::vector<Member> members_;
  std::unique_ptr<TrialStack> stack_;  // of the group trained last
};

}  // namespace ate
