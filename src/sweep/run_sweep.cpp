#include "sweep/run_sweep.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <exception>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

#include "run/environment.h"
#include "run/folder.h"
#include "run/signals.h"
#include "study/memory.h"
#include "study/status.h"
#include "study/study.h"
#include "support/text.h"
#include "support/timing.h"
#include "sweep/cost.h"
#include "sweep/listing.h"

namespace ate {
namespace {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

// Trials side by side: one per core, where memory allows; one on a GPU.
int trials_at_once(const std::vector<SweepJob>& jobs, const std::vector<JobCost>& costs) {
  double bytes = 0;
  for (size_t i = 0; i < jobs.size(); ++i) {
    if (jobs[i].config.device != "cpu") return 1;
    bytes = std::max(bytes, costs[i].memory);
  }
  return trials_that_fit(0.8 * static_cast<double>(available_memory()), bytes, usable_cores());
}

// Jobs that threads take one after the other.
class JobQueue {
 public:
  JobQueue(const Sweep& sweep, std::vector<SweepJob> jobs, const SweepOptions& options, SweepOutcome& outcome)
      : sweep_(sweep), options_(options), outcome_(outcome), all_(jobs.size()) {
    for (SweepJob& job : jobs) open_.push_back({std::move(job)});
    log_ = spdlog::default_logger()->clone("sweep");
  }

  void run(int trials_side_by_side) {
    const int threads = std::max(1, std::min<int>(trials_side_by_side, static_cast<int>(all_)));
    trials_each_ = std::max(1, trials_side_by_side / threads);
    std::vector<std::thread> workers;
    for (int i = 0; i < threads; ++i) workers.emplace_back([this] { work(); });
    for (std::thread& worker : workers) worker.join();
    outcome_.left += static_cast<int64_t>(open_.size());
    if (stop_signal() != 0)
      throw interruption(
          fmt::format("{} of {} are finished, every trial is saved, and the same command goes on from "
                      "there",
                      ended_ - outcome_.failed, counted(static_cast<int64_t>(all_), "job")));
    if (fault_) std::rethrow_exception(fault_);
  }

 private:
  struct Entry {
    SweepJob job;
    bool postponed = false;  // another process was at it
  };

  std::optional<Entry> take() {
    const std::lock_guard lock(mutex_);
    const bool enough = options_.max_fails > 0 && outcome_.failed >= options_.max_fails;
    if (open_.empty() || enough || fault_ || stop_signal() != 0) return std::nullopt;
    Entry entry = std::move(open_.front());
    open_.pop_front();
    return entry;
  }

  void work() {
    while (std::optional<Entry> entry = take()) {
      try {
        run_job(std::move(*entry));
      } catch (...) {  // the folder takes no more files, not even the words of a failure
        const std::lock_guard lock(mutex_);
        if (!fault_) fault_ = std::current_exception();
      }
    }
  }

  void run_job(Entry entry) {
    const SweepJob& job = entry.job;
    if (entry.postponed) {  // all others are under way or finished
      std::this_thread::sleep_for(std::chrono::milliseconds(200));
      if (is_worked_on(options_.out / "runs" / job.id)) return postpone(std::move(entry));
    }
    const double start = wall_seconds();
    std::string reason;
    try {
      StudyOptions study;
      study.command = "study";
      study.out = options_.out;
      study.jobs = trials_each_;
      study.stack = 0;
      study.save_seconds = options_.save_seconds;
      study.fresh = options_.fresh;
      const StudyOutcome outcome = run_study(resolve_job(sweep_, job), study);
      std::error_code ignored;
      fs::remove(failure_file(options_.out, job.id), ignored);
      for (const TrialRecord& trial : outcome.result.trials)
        if (trial.progress.status == TrainingStatus::diverged)
          reason += fmt::format("{}{} diverged", reason.empty() ? "" : ", ", trial.id.text());
      return ended(job, reason, wall_seconds() - start);
    } catch (const Interrupted&) {
      return;  // saved; run() tells it
    } catch (const Failure& error) {
      if (another_has(job)) return postpone(std::move(entry));
      reason = error.what();
    } catch (const std::bad_alloc&) {
      reason = "out of memory; fewer --jobs need less";
    } catch (const std::exception& error) {
      reason = first_line(error.what());
    }
    const fs::path file = failure_file(options_.out, job.id);
    make_folders(file.parent_path());
    write_json_file(file, {{"reason", reason}});
    ended(job, reason, wall_seconds() - start);
  }

  // Whether another process is at the job, or has just finished it.
  bool another_has(const SweepJob& job) const {
    if (is_worked_on(options_.out / "runs" / job.id)) return true;
    const JobState state = report_job(options_.out, listed(sweep_.name, job)).state;
    return state == JobState::finished || state == JobState::diverged;
  }

  void postpone(Entry entry) {
    const std::lock_guard lock(mutex_);
    if (!entry.postponed) log_->info("{}: another process is at it; tried again at the end", entry.job.id);
    entry.postponed = true;
    open_.push_back(std::move(entry));
  }

  void ended(const SweepJob& job, const std::string& reason, double seconds) {
    const std::lock_guard lock(mutex_);
    ++ended_;
    const std::string place = fmt::format("{}/{} {}{}", ended_, all_, job.id,
                                          job.set.empty() ? "" : " (" + describe(job.set) + ")");
    if (reason.empty()) {
      ++outcome_.finished;
      log_->info("{}: finished in {:.1f} s", place, seconds);
      return;
    }
    ++outcome_.failed;
    log_->warn("{}: {}", place, reason);
    if (outcome_.failed == options_.max_fails)
      log_->warn("{} failed: no other begins (--max-fails)", counted(outcome_.failed, "job"));
  }

  const Sweep& sweep_;
  const SweepOptions& options_;
  SweepOutcome& outcome_;
  size_t all_;
  int trials_each_ = 1;
  std::shared_ptr<spdlog::logger> log_;
  std::mutex mutex_;
  std::deque<Entry> open_;
  int64_t ended_ = 0;
  std::exception_ptr fault_;
};

bool is_to_run(const JobReport& report, const SweepOptions& options) {
  if (options.only_failed)
    return report.state == JobState::failed || (options.fresh && report.state == JobState::diverged);
  return report.state != JobState::finished && report.state != JobState::diverged;
}

}  // namespace

SweepOutcome run_sweep(const Sweep& sweep, const std::vector<SweepJob>& jobs, const SweepOptions& options) {
  SweepOutcome outcome;
  std::vector<SweepJob> open;
  for (SweepJob& job : shard_of(jobs, options.shard)) {
    const JobReport report = report_job(options.out, listed(sweep.name, job));
    if (is_to_run(report, options)) {
      open.push_back(std::move(job));
    } else if (report.state == JobState::diverged && !options.only_failed) {
      ++outcome.failed;
      spdlog::warn("{}: {}, as before", job.id, report.reason);
    } else if (report.state == JobState::finished) {
      ++outcome.found;
    } else {  // a retry leaves alone what has not failed
      ++outcome.left;
    }
  }
  const std::vector<JobCost> costs = sweep_costs(sweep, open, false);
  const int at_once = options.jobs > 0 ? options.jobs : trials_at_once(open, costs);
  if (at_once > 1 && std::any_of(open.begin(), open.end(),
                                 [](const SweepJob& job) { return job.config.dtype == Dtype::tf32; }))
    throw BadInput(fmt::format("--jobs {}", at_once),
                   "tf32 is set for the whole process: train one at a time");
  write_listing(options.out, sweep.name, jobs);
  if (open.empty()) return outcome;
  spdlog::info("{}: {} to run, {} finished before, {} side by side", sweep.name,
               counted(static_cast<int64_t>(open.size()), "job"), outcome.found, counted(at_once, "trial"));
  const int64_t before = outcome.failed;
  outcome.failed = 0;  // --max-fails counts those of this run
  const auto level = spdlog::get_level();
  JobQueue queue(sweep, std::move(open), options, outcome);
  // A line for each job, not for each evaluation of its trials; --verbose has both.
  if (level > spdlog::level::debug) spdlog::set_level(spdlog::level::warn);
  try {
    queue.run(at_once);
  } catch (...) {
    spdlog::set_level(level);
    throw;
  }
  spdlog::set_level(level);
  outcome.failed += before;
  return outcome;
}

}  // namespace ate
