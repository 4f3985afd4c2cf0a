#include "study/trial_runner.h"

#include <algorithm>
#include <limits>

#include "run/signals.h"

namespace ate {

TrialRunner::TrialRunner(const Config& config, const TrialUnit& unit, at::Device device, RunFolder& run,
                         double save_seconds, const std::atomic<bool>& cancelled,
                         const std::vector<Lease>& leases)
    : config_(config), device_(device), cancelled_(cancelled) {
  for (size_t i = 0; i < unit.trials.size(); ++i) {
    auto trial = std::make_unique<Trial>(config, unit.trials[i], device);
    auto journal = std::make_unique<TrialJournal>(config, *trial, unit.stacked, run, save_seconds,
                                                  leases.empty() ? nullptr : &leases[i]);
    members_.push_back({std::move(trial), std::move(journal), !unit.stacked});
  }
}

bool TrialRunner::stopped() const { return stop_signal() != 0 || cancelled_; }

std::vector<TrialRecord> TrialRunner::run() {
  std::vector<LoopMember> all;
  for (const Member& member : members_) all.push_back({member.trial.get(), member.journal.get()});
  const auto round = [&] {
    const std::vector<Member*> group = furthest_behind();
    if (!group.empty() && group[0]->alone)
      group[0]->trial->advance();
    else if (!group.empty())
      train_stack(group);
    std::vector<LoopMember> trained;
    for (const Member* member : group) trained.push_back({member->trial.get(), member->journal.get()});
    return trained;
  };
  run_loop(
      all, round, [&] { return stopped(); }, [&] { return !cancelled_; });
  std::vector<TrialRecord> records;
  for (const Member& member : members_) records.push_back(member.journal->record());
  return records;
}

// The running trials with the fewest updates, so that trials taken up at different places catch up with each other
// and then go on together. One that trains alone comes by itself.
std::vector<TrialRunner::Member*> TrialRunner::furthest_behind() {
  std::vector<Member*> group;
  for (Member& member : members_) {
    if (member.trial->ended()) continue;
    const int64_t updates = member.trial->progress().updates;
    const int64_t least = group.empty() ? updates : group[0]->trial->progress().updates;
    if (updates < least) group.clear();
    if (updates <= least) group.push_back(&member);
  }
  const auto alone = std::find_if(group.begin(), group.end(), [](const Member* m) { return m->alone; });
  if (alone != group.end()) return {*alone};
  return group;
}

// As far as the next trial that will join, at most.
void TrialRunner::train_stack(const std::vector<Member*>& group) {
  std::vector<Trial*> trials;
  trials.reserve(group.size());
  for (const Member* member : group) trials.push_back(member->trial.get());
  if (!stack_ || stack_->trials() != trials) {
    stack_.reset();
    stack_ = std::make_unique<TrialStack>(config_, trials, device_);
  }
  const int64_t here = trials[0]->progress().updates;
  int64_t most = std::numeric_limits<int64_t>::max();
  for (const Member& member : members_) {
    const int64_t ahead = member.trial->progress().updates - here;
    if (!member.alone && !member.trial->ended() && ahead > 0) most = std::min(most, ahead);
  }
  const std::vector<Trial*> gone = stack_->advance(most, [&] {
    return stopped() ||
           std::any_of(group.begin(), group.end(), [](const Member* m) { return m->journal->due(); });
  });
  for (Member* member : group)
    member->alone = std::find(gone.begin(), gone.end(), member->trial.get()) != gone.end();
  if (!gone.empty()) stack_.reset();
}

}  // namespace ate
