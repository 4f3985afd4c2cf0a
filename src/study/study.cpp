#include "study/study.h"

#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

#include "config/fields.h"
#include "config/json.h"
#include "config/kernels.h"
#include "data/corpus.h"
#include "model/embedding_plan.h"
#include "model/layout.h"
#include "run/environment.h"
#include "run/folder.h"
#include "run/signals.h"
#include "study/jobs.h"
#include "study/plan.h"
#include "study/trial_runner.h"
#include "train/device.h"

namespace ate {
namespace {

using Json = nlohmann::ordered_json;

std::vector<TrialId> plan_trials(const Config& config) {
  std::vector<TrialId> trials;
  for (const int64_t seed : config.study.seeds)
    for (const Arm arm : config.study.arms) trials.push_back({arm, seed});
  return trials;
}

// The parameters of the largest model. What would only show when a trial is built is tried for every seed, before
// anything is written.
int64_t check_arms(const Config& config) {
  int64_t largest = 0;
  for (const int64_t seed : config.study.seeds) {
    try {
      const Corpus corpus = make_corpus(config.source, seed);
      for (const Arm arm : config.study.arms) {
        const EmbeddingPlan plan = plan_embedding(config, arm, corpus, seed);
        largest = std::max(largest, make_layout(config, plan).parameters);
      }
    } catch (const BadInput& error) {
      const Problem& problem = error.problems().front();
      throw BadInput(problem.where, fmt::format("for seed {} {}", seed, problem.what));
    }
  }
  return largest;
}

// One trial per core on the CPU, where memory allows; one on a GPU.
int jobs_here(const Config& config, at::Device device, int64_t parameters) {
  if (!device.is_cpu()) return 1;
  const double bytes = trial_bytes(config, parameters);
  const int jobs = side_by_side(usable_cores(), available_memory(), bytes);
  if (jobs < usable_cores())
    spdlog::info("{} trials side by side on {} cores: one may take {:.0f} MB, and {:.0f} MB are free", jobs,
                 usable_cores(), bytes / 1e6, static_cast<double>(available_memory()) / 1e6);
  return jobs;
}

// Whether `result` is of at least these trials and of others too: it is not replaced by an answer about
// fewer.
bool covers_more(const Json& result, const std::vector<TrialId>& trials) {
  if (!result.is_object() || !result.contains("trials") || result["trials"].size() <= trials.size())
    return false;
  return std::all_of(trials.begin(), trials.end(), [&](const TrialId& id) {
    return std::any_of(result["trials"].begin(), result["trials"].end(), [&](const Json& trial) {
      return trial.value("arm", "") == id.arm_name() && trial.value("seed", int64_t{-1}) == id.seed;
    });
  });
}

// Runs trials side by side, each on a thread of its own. The first failure stops all, each after its step.
class Pool {
 public:
  Pool(const Config& config, at::Device device, RunFolder& run, double save_seconds)
      : config_(config), device_(device), run_(run), save_seconds_(save_seconds) {}

  std::vector<TrialRecord> run(const std::vector<TrialId>& trials, int jobs) {
    trials_ = trials;
    std::vector<std::thread> threads;
    for (int i = 0; i < std::min<int>(jobs, static_cast<int>(trials.size())); ++i)
      threads.emplace_back([this] { work(); });
    for (std::thread& thread : threads) thread.join();
    if (failure_) std::rethrow_exception(failure_);
    return std::move(records_);
  }

 private:
  void work() {
    at::set_num_threads(1);  // a setting of each thread
    for (size_t i = next_++; i < trials_.size() && stop_signal() == 0 && !cancelled_; i = next_++) {
      try {
        TrialRecord record = TrialRunner(config_, trials_[i], device_, run_, save_seconds_, cancelled_).run();
        const std::lock_guard lock(mutex_);
        records_.push_back(std::move(record));
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
  std::vector<TrialId> trials_;
  std::atomic<size_t> next_ = 0;
  std::atomic<bool> cancelled_ = false;
  std::mutex mutex_;
  std::vector<TrialRecord> records_;
  std::exception_ptr failure_;
};

// In the plan's order, whatever the order in which they ended.
void sort_records(std::vector<TrialRecord>& records, const std::vector<TrialId>& trials) {
  const auto place = [&](const TrialRecord& record) {
    return std::find_if(
               trials.begin(), trials.end(),
               [&](const TrialId& id) { return id.arm == record.id.arm && id.seed == record.id.seed; }) -
           trials.begin();
  };
  std::sort(records.begin(), records.end(),
            [&](const TrialRecord& a, const TrialRecord& b) { return place(a) < place(b); });
}

}  // namespace

StudyOutcome run_study(Resolved resolved, const StudyOptions& options) {
  Config& config = resolved.config;
  int64_t parameters = 0;
  const at::Device device = [&] {
    try {
      const at::Device chosen = choose_device(config.device);
      config.device = chosen.str();
      std::vector<Problem> problems = check_kernels(config);
      if (!problems.empty()) throw BadInput(std::move(problems));
      config.kernels = chosen_kernels(config);
      parameters = check_arms(config);
      return chosen;
    } catch (const BadInput& error) {
      throw resolved.blame(error);
    }
  }();
  const int jobs = options.jobs > 0 ? options.jobs : jobs_here(config, device, parameters);
  at::set_num_threads(1);

  const std::string id = fmt::format("{}-{}-{}", options.command, config.name, experiment_hash(config));
  RunFolder run(options.out, id, options.fresh);
  const std::vector<TrialId> trials = plan_trials(config);
  StudyOutcome outcome;
  outcome.part_of_stored = run.done() && covers_more(run.read_json("result.json"), trials);
  if (!outcome.part_of_stored) {
    run.write_json("config.json", write_config(config));
    run.write_json("plan.json", with_request(run.read_json("plan.json"), config));
  }

  std::vector<TrialRecord> records;
  std::vector<TrialId> open;
  for (const TrialId& trial : trials) {
    std::optional<TrialRecord> record = TrialRunner::ended_record(trial, run);
    if (record)
      records.push_back(std::move(*record));
    else
      open.push_back(trial);
  }

  outcome.reused = open.empty();
  if (!open.empty()) {
    run.clear_done();
    run.write_json("environment.json", describe_environment(config.device, jobs));
    run.event(
        {{"event", "started"}, {"trials", open.size()}, {"finished_before", records.size()}, {"jobs", jobs}});
    spdlog::info("{}: {} trials to train, {} finished before; {} side by side on {}", id, open.size(),
                 records.size(), std::min<size_t>(static_cast<size_t>(jobs), open.size()), config.device);
    for (TrialRecord& record : Pool(config, device, run, options.save_seconds).run(open, jobs))
      records.push_back(std::move(record));
  }
  sort_records(records, trials);
  outcome.stop_signal = stop_signal();
  outcome.complete = records.size() == trials.size() &&
                     std::none_of(records.begin(), records.end(), [](const TrialRecord& record) {
                       return record.progress.status == TrialStatus::running;
                     });
  outcome.result = assess(config, id, std::move(records));
  outcome.result.plan = compare_with_plan(run.read_json("plan.json"), config);
  if (outcome.complete) {
    const Json result = to_json(outcome.result);
    const bool stored =
        run.done() && std::filesystem::exists(run.result()) && run.read_json("result.json") == result;
    if (!stored && !outcome.part_of_stored) run.finish(result);
    if (!outcome.reused) run.event({{"event", "finished"}});
  } else {
    run.event({{"event", "interrupted"}, {"signal", outcome.stop_signal}});
  }
  return outcome;
}

}  // namespace ate
