#include "study/trial_pool.h"

#include <ATen/Parallel.h>
#include <c10/core/Device.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <exception>
#include <functional>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>
#include <unordered_map>

#include "run/console.h"
#include "run/environment.h"
#include "run/signals.h"
#include "study/kept_trials.h"
#include "study/progress_head.h"
#include "study/time_left.h"
#include "study/trial_queue.h"
#include "study/trial_runner.h"
#include "support/text.h"
#include "support/timing.h"

namespace ate {
namespace {

constexpr const char* kStudyLine = "~study";  // after the trials

// Runs units of trials side by side, each on a thread of its own. The first failure stops all, each after its step.
class Workers {
 public:
  Workers(const Config& config, RunFolder& run, double save_seconds, std::vector<TrialUnit> units,
          const EndedRecord& ended, size_t ended_before, const std::function<void()>& begin)
      : config_(config),
        device_(config.device),
        run_(run),
        save_seconds_(save_seconds),
        ended_before_(ended_before),
        begin_(begin),
        queue_(run.leases(), std::move(units), ended, stopped_) {}

  std::vector<TrialRecord> run(size_t jobs) {
    std::vector<std::thread> threads;
    std::unique_lock lock(mutex_);
    for (; working_ < jobs; ++working_) threads.emplace_back([this] { work(); });
    while (!idle_.wait_for(lock, std::chrono::seconds(1), [this] { return working_ == 0; }))
      if (Console::instance().live()) Console::instance().show(kStudyLine, how_far());
    lock.unlock();
    for (std::thread& thread : threads) thread.join();
    Console::instance().remove(kStudyLine);
    if (failure_) std::rethrow_exception(failure_);
    return queue_.take_records();
  }

 private:
  void work() {
    at::set_num_threads(1);  // a setting of each thread
    try {
      while (std::optional<LeasedUnit> leased = queue_.next()) train(*leased);
    } catch (...) {
      const std::lock_guard lock(mutex_);
      if (!failure_) failure_ = std::current_exception();
      cancelled_ = true;
    }
    const std::lock_guard lock(mutex_);
    --working_;
    idle_.notify_all();
  }

  void train(const LeasedUnit& leased) {
    const std::vector<TrialId>& ids = leased.unit.trials;
    {
      const std::lock_guard lock(mutex_);
      if (!begun_) begin_();
      begun_ = true;
      mine_.insert(mine_.end(), ids.begin(), ids.end());
    }
    std::optional<std::vector<TrialRecord>> records;
    try {
      records =
          TrialRunner(config_, leased.unit, device_, run_, save_seconds_, cancelled_, leased.leases).run();
    } catch (const Failure&) {
      // What fails once a lease is lost, such as a file that is gone, is another process's now.
      std::string why;
      for (const Lease& lease : leased.leases)
        if (why.empty()) why = lease.why_lost();
      if (why.empty()) throw;
      spdlog::warn("{}: {}; it goes on there", ids.front().text(), why);
    }
    const std::lock_guard lock(mutex_);
    for (const TrialId& id : ids) mine_.erase(std::find(mine_.begin(), mine_.end(), id));
    if (!records) {
      queue_.lost(leased.unit);
      return;
    }
    queue_.add(*std::move(records));
    if (!Console::instance().live() && stop_signal() == 0) spdlog::info("{}: {}", run_.id(), how_far());
  }

  // "7 of 20 trials, 12s left", of this process and all others.
  std::string how_far() const {
    TrialQueue::State state = queue_.state();
    TimeLeft& left = state.time;
    std::vector<TrialId> running = mine_;
    running.insert(running.end(), state.of_others.begin(), state.of_others.end());
    for (const TrialId& id : running) {
      const auto head = read_progress_head(run_.progress(file_name(id.arm), id.seed));
      left.add_running(id.arm_name(), head ? head->seconds : 0, head ? head->left : std::nan(""));
    }
    const auto before = static_cast<int64_t>(ended_before_);
    const std::string trials = fmt::format("{} of {} trials", before + left.ended(), before + left.all());
    const double seconds = left.seconds();
    return std::isnan(seconds) || seconds == 0 ? trials
                                               : fmt::format("{}, {} left", trials, duration(seconds));
  }

  const Config& config_;
  at::Device device_;
  RunFolder& run_;
  double save_seconds_;
  size_t ended_before_;
  const std::function<void()>& begin_;
  std::atomic<bool> cancelled_ = false;
  const std::function<bool()> stopped_ = [this] { return stop_signal() != 0 || cancelled_; };
  TrialQueue queue_;
  std::mutex mutex_;
  std::condition_variable idle_;
  size_t working_ = 0;         // threads
  bool begun_ = false;         // to train
  std::vector<TrialId> mine_;  // being trained here
  std::exception_ptr failure_;
};

// What the run kept of trials, so that those without checkpoints are not trained again. Not read where all have one.
std::map<std::string, KeptTrial> kept_trials(const RunFolder& run, const std::vector<TrialId>& trials) {
  if (std::all_of(trials.begin(), trials.end(), [&](const TrialId& trial) {
        return std::filesystem::exists(run.checkpoint(trial.file()));
      }))
    return {};
  try {
    return read_kept_trials(run.folder());
  } catch (const Failure& damage) {
    spdlog::warn("{}; it is written again", damage.what());
    return {};
  }
}

void sort_records(std::vector<TrialRecord>& records, const std::vector<TrialId>& trials) {
  std::unordered_map<std::string, size_t> places;  // by what names a trial's files
  for (size_t i = 0; i < trials.size(); ++i) places.emplace(trials[i].file(), i);
  std::sort(records.begin(), records.end(), [&](const TrialRecord& a, const TrialRecord& b) {
    return places.at(a.id.file()) < places.at(b.id.file());
  });
}

}  // namespace

TrialPool::TrialPool(const Config& asked, const Config& config, RunFolder& run, const PoolOptions& options)
    : asked_(asked), config_(config), run_(run), options_(options) {}

std::vector<TrialRecord> TrialPool::train(const std::vector<TrialId>& trials, const std::string& what) {
  const std::map<std::string, KeptTrial> kept = kept_trials(run_, trials);
  const EndedRecord record_of = [&](const TrialId& trial) {
    return ended_record(config_, trial, is_stacked(asked_, trial.arm, options_.most_in_stack), run_, kept);
  };
  const EndedRecord ended = [&](const TrialId& trial) {  // perhaps a moment ago, in another process
    run_.look_again();
    return record_of(trial);
  };
  run_.look_again();
  std::vector<TrialRecord> records;
  std::vector<TrialId> open;
  for (const TrialId& trial : trials) {
    // One that is being trained may have its last checkpoint already, and not yet its progress file.
    std::optional<TrialRecord> record =
        run_.leases().is_taken(lease_name(trial)) ? std::nullopt : record_of(trial);
    if (record)
      records.push_back(std::move(*record));
    else
      open.push_back(trial);
  }
  if (!open.empty()) {
    std::vector<TrialUnit> units = make_units(asked_, open, options_.most_in_stack);
    size_t widest = 1;
    for (const TrialUnit& unit : units) widest = std::max(widest, unit.trials.size());
    const size_t jobs = std::min(static_cast<size_t>(options_.jobs), units.size());
    const std::function<void()> begin = [&] {
      if (!begun_)
        run_.begin(describe_environment(config_.device, options_.jobs), {{"trials", open.size()},
                                                                         {"finished_before", records.size()},
                                                                         {"jobs", options_.jobs},
                                                                         {"stack", widest}});
      begun_ = true;
    };
    trained_ = true;
    spdlog::info("{}: {} {}, {} finished before; {} side by side on {}{}", run_.id(),
                 counted(static_cast<int64_t>(open.size()), "trial"), what, records.size(), jobs,
                 config_.device, widest > 1 ? fmt::format(", up to {} in a stack", widest) : "");
    for (TrialRecord& record :
         Workers(config_, run_, options_.save_seconds, std::move(units), ended, records.size(), begin)
             .run(jobs))
      records.push_back(std::move(record));
  }
  keep_trials(run_, config_, records);
  const bool complete = records.size() == trials.size() &&
                        std::none_of(records.begin(), records.end(), [](const TrialRecord& record) {
                          return record.progress.status == TrainingStatus::running;
                        });
  if (!complete) {
    run_.event({{"event", "interrupted"}, {"signal", stop_signal()}});
    throw interruption("every trial is saved, and the same command goes on from there");
  }
  sort_records(records, trials);
  return records;
}

}  // namespace ate
