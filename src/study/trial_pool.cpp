#include "study/trial_pool.h"

#include <ATen/Parallel.h>
#include <c10/core/Device.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <iterator>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

#include "run/environment.h"
#include "run/signals.h"
#include "study/trial_runner.h"
#include "support/text.h"

namespace ate {
namespace {

// Runs units of trials side by side, each on a thread of its own. The first failure stops all, each after its step.
class Workers {
 public:
  Workers(const Config& config, RunFolder& run, double save_seconds)
      : config_(config), device_(config.device), run_(run), save_seconds_(save_seconds) {}

  std::vector<TrialRecord> run(std::vector<TrialUnit> units, int jobs) {
    units_ = std::move(units);
    std::vector<std::thread> threads;
    for (int i = 0; i < std::min<int>(jobs, static_cast<int>(units_.size())); ++i)
      threads.emplace_back([this] { work(); });
    for (std::thread& thread : threads) thread.join();
    if (failure_) std::rethrow_exception(failure_);
    return std::move(records_);
  }

 private:
  void work() {
    at::set_num_threads(1);  // a setting of each thread
    for (size_t i = next_++; i < units_.size() && stop_signal() == 0 && !cancelled_; i = next_++) {
      try {
        std::vector<TrialRecord> records =
            TrialRunner(config_, units_[i], device_, run_, save_seconds_, cancelled_).run();
        const std::lock_guard lock(mutex_);
        std::move(records.begin(), records.end(), std::back_inserter(records_));
      } catch (...) {
        const std::lock_guard lock(mutex_);
        if (!failure_) failure_ = std::current_exception();
        cancelled_ = true;
      }
    }
  }

  const Config& config_;
  at::Device device_;
  RunFolder& run_;
  double save_seconds_;
  std::vector<TrialUnit> units_;
  std::atomic<size_t> next_ = 0;
  std::atomic<bool> cancelled_ = false;
  std::mutex mutex_;
  std::vector<TrialRecord> records_;
  std::exception_ptr failure_;
};

void sort_records(std::vector<TrialRecord>& records, const std::vector<TrialId>& trials) {
  const auto place = [&](const TrialRecord& record) {
    return std::find(trials.begin(), trials.end(), record.id) - trials.begin();
  };
  std::sort(records.begin(), records.end(),
            [&](const TrialRecord& a, const TrialRecord& b) { return place(a) < place(b); });
}

}  // namespace

TrialPool::TrialPool(const Config& asked, const Config& config, RunFolder& run, const PoolOptions& options)
    : asked_(asked), config_(config), run_(run), options_(options) {}

std::vector<TrialRecord> TrialPool::train(const std::vector<TrialId>& trials, const std::string& what) {
  std::vector<TrialRecord> records;
  std::vector<TrialId> open;
  for (const TrialId& trial : trials) {
    std::optional<TrialRecord> record =
        ended_record(config_, trial, is_stacked(asked_, trial.arm, options_.most_in_stack), run_);
    if (record)
      records.push_back(std::move(*record));
    else
      open.push_back(trial);
  }
  if (!open.empty()) {
    std::vector<TrialUnit> units = make_units(asked_, open, options_.most_in_stack);
    size_t widest = 1;
    for (const TrialUnit& unit : units) widest = std::max(widest, unit.trials.size());
    if (!trained_)
      run_.begin(describe_environment(config_.device, options_.jobs), {{"trials", open.size()},
                                                                       {"finished_before", records.size()},
                                                                       {"jobs", options_.jobs},
                                                                       {"stack", widest}});
    trained_ = true;
    spdlog::info("{}: {} {}, {} finished before; {} side by side on {}{}", run_.id(),
                 counted(static_cast<int64_t>(open.size()), "trial"), what, records.size(),
                 std::min(static_cast<size_t>(options_.jobs), units.size()), config_.device,
                 widest > 1 ? fmt::format(", up to {} in a stack", widest) : "");
    for (TrialRecord& record :
         Workers(config_, run_, options_.save_seconds).run(std::move(units), options_.jobs))
      records.push_back(std::move(record));
  }
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
