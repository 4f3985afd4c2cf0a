#include "study/trial_queue.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <iterator>
#include <thread>

#include "run/console.h"
#include "support/text.h"

namespace ate {
namespace {

using std::chrono::milliseconds;

constexpr const char* kWaitingLine = "~waiting";  // after the trials

}  // namespace

TrialQueue::TrialQueue(Leases& leases, std::vector<TrialUnit> units, const EndedRecord& ended,
                       const std::function<bool()>& stopped)
    : leases_(leases),
      ended_(ended),
      stopped_(stopped),
      open_(std::make_move_iterator(units.begin()), std::make_move_iterator(units.end())) {}

std::optional<LeasedUnit> TrialQueue::next() {
  std::unique_lock lock(mutex_);
  for (milliseconds pause(20); !stopped_(); pause = std::min(2 * pause, milliseconds(500))) {
    Holder other;
    while (!open_.empty() && !stopped_()) {
      const TrialUnit unit = std::move(open_.front());
      open_.pop_front();
      if (std::optional<LeasedUnit> leased = lease(unit, other)) {
        Console::instance().remove(kWaitingLine);
        return leased;
      }
    }
    if (later_.empty()) break;
    if (!other.token.empty()) show_waiting(other);
    lock.unlock();
    std::this_thread::sleep_for(pause);
    lock.lock();
    if (open_.empty()) open_.swap(later_);
  }
  Console::instance().remove(kWaitingLine);
  return std::nullopt;
}

// The trials of the unit that are free and open: those that ended meanwhile are recorded, those of others left for later.
// Where another has the first, it has the unit: so that processes which make the same stacks do not tear them.
std::optional<LeasedUnit> TrialQueue::lease(const TrialUnit& unit, Holder& other) {
  LeasedUnit leased{{{}, unit.stacked}, {}};
  TrialUnit taken{{}, unit.stacked};
  for (size_t i = 0; i < unit.trials.size(); ++i) {
    const TrialId& id = unit.trials[i];
    std::optional<Lease> lease = leases_.take(lease_name(id), &other);
    if (!lease && i == 0) {
      taken = unit;
      break;
    }
    if (!lease)
      taken.trials.push_back(id);
    else if (std::optional<TrialRecord> ended = ended_(id))
      record(std::move(*ended));
    else {
      leased.unit.trials.push_back(id);
      leased.leases.push_back(std::move(*lease));
    }
  }
  if (!taken.trials.empty()) later_.push_back(std::move(taken));
  if (leased.unit.trials.empty()) return std::nullopt;
  return leased;
}

void TrialQueue::show_waiting(const Holder& other) {
  const std::string line = fmt::format(
      "waiting for {}, the last with {}",
      counted(static_cast<int64_t>(later_.size()), "trial of another process", "trials of other processes"),
      other.text());
  Console::instance().show(kWaitingLine, line);
  if (other.text() == waits_for_) return;
  waits_for_ = other.text();
  if (!Console::instance().live()) spdlog::info(line);
}

void TrialQueue::record(TrialRecord record) {
  ended_time_.add_ended(record.id.arm_name(), record.seconds);
  records_.push_back(std::move(record));
}

void TrialQueue::add(std::vector<TrialRecord> records) {
  const std::lock_guard lock(mutex_);
  for (TrialRecord& each : records) record(std::move(each));
}

void TrialQueue::lost(TrialUnit unit) {
  const std::lock_guard lock(mutex_);
  later_.push_back(std::move(unit));
}

TrialQueue::State TrialQueue::state() const {
  const std::lock_guard lock(mutex_);
  State state{ended_time_, {}};
  for (const TrialUnit& unit : open_)
    for (const TrialId& id : unit.trials) state.time.add_open(id.arm_name());
  for (const TrialUnit& unit : later_)
    state.of_others.insert(state.of_others.end(), unit.trials.begin(), unit.trials.end());
  return state;
}

}  // namespace ate
