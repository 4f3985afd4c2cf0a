// The open trials of a study, in units, for the threads of this process and those of others: whoever leases a unit trains
// it. Thread-safe. No LibTorch.
#pragma once

#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <vector>

#include "run/leases.h"
#include "study/result.h"
#include "study/time_left.h"
#include "study/trial_units.h"

namespace ate {

// A unit whose trials this process has leased, and which are open.
struct LeasedUnit {
  TrialUnit unit;
  std::vector<Lease> leases;  // of its trials
};

// The record of a trial that has ended, whoever trained it; nothing while it has not.
using EndedRecord = std::function<std::optional<TrialRecord>(const TrialId&)>;

// Of the lease on a trial.
inline std::string lease_name(const TrialId& id) { return id.file() + ".trial"; }

class TrialQueue {
 public:
  // Keeps references.
  TrialQueue(Leases& leases, std::vector<TrialUnit> units, const EndedRecord& ended,
             const std::function<bool()>& stopped);

  // The next unit for the calling thread. Waits while others hold all that are open; nothing when none is open, or when
  // `stopped` says so.
  std::optional<LeasedUnit> next();

  void add(std::vector<TrialRecord> records);
  // Of a unit that another process has taken over: it is waited for, and taken back should that one end.
  void lost(TrialUnit unit);

  // What has ended and what nobody has begun is in `time`, for the caller to add what is under way.
  struct State {
    TimeLeft time;
    std::vector<TrialId> of_others;  // as of the last look
  };
  State state() const;
  std::vector<TrialRecord> take_records() { return std::move(records_); }

 private:
  std::optional<LeasedUnit> lease(const TrialUnit& unit, Holder& other);
  void record(TrialRecord record);
  void show_waiting(const Holder& other);

  Leases& leases_;
  const EndedRecord& ended_;
  const std::function<bool()>& stopped_;
  mutable std::mutex mutex_;
  std::deque<TrialUnit> open_;   // to be looked at
  std::deque<TrialUnit> later_;  // others have them, as of the last look
  std::vector<TrialRecord> records_;
  TimeLeft ended_time_;
  std::string waits_for_;  // as told last
};

}  // namespace ate
