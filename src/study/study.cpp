#include "study/study.h"

#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <atomic>
#include <exception>
#include <iterator>
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
#include "study/memory.h"
#include "study/plan.h"
#include "study/trial_runner.h"
#include "study/trial_units.h"
#include "support/text.h"
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
  const auto memory = static_cast<double>(available_memory());
  const int jobs = trials_that_fit(0.8 * memory, bytes, usable_cores());
  if (jobs < usable_cores())
    spdlog::info("{} side by side on {} cores: one may take {:.0f} MB, and {:.0f} MB are free",
                 counted(jobs, "trial"), usable_cores(), bytes / 1e6, memory / 1e6);
  return jobs;
}

// Whether `result` is of at least these trials and of others too: it is not replaced by an answer about
// fewer.
bool covers_more(const Json& result, const std::vector<TrialId>& trials) {
  if (!result.is_object() || !result.contains("trials")) return false;
  const Json& stored = result["trials"];
  if (!stored.is_array() || stored.size() <= trials.size()) return false;
  return std::all_of(trials.begin(), trials.end(), [&](const TrialId& id) {
    return std::any_of(stored.begin(), stored.end(), [&](const Json& trial) {
      return trial.is_object() && trial.value("arm", Json()) == id.arm_name() &&
             trial.value("seed", Json()) == id.seed;
    });
  });
}

// Runs units of trials side by side, each on a thread of its own. The first failure stops all, each after its step.
class Pool {
 public:
  Pool(const Config& config, at::Device device, RunFolder& run, double save_seconds)
      : config_(config), device_(device), run_(run), save_seconds_(save_seconds) {}

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
  Config asked;  // on the chosen device, before its kernels are chosen
  const at::Device device = [&] {
    try {
      const at::Device chosen = choose_device(config.device);
      config.device = chosen.str();
      std::vector<Problem> problems = check_kernels(config);
      if (!problems.empty()) throw BadInput(std::move(problems));
      asked = config;
      config.kernels = chosen_kernels(config);
      parameters = check_arms(config);
      return chosen;
    } catch (const BadInput& error) {
      throw resolved.blame(error);
    }
  }();
  const int jobs = options.jobs > 0 ? options.jobs : jobs_here(config, device, parameters);
  at::set_num_threads(1);

  const std::vector<TrialId> trials = plan_trials(config);
  check_stack(asked, options.stack);
  if (config.dtype == Dtype::tf32 && jobs > 1)
    throw BadInput(fmt::format("--jobs {}", jobs), "tf32 is set for the whole process: train one at a time");
  const std::string id = fmt::format("{}-{}-{}", options.command, config.name, experiment_hash(config));
  RunFolder run(options.out, id, options.fresh);
  StudyOutcome outcome;
  outcome.part_of_stored =
      run.done() && covers_more(read_json_if_sound(run.folder() / "result.json"), trials);
  const std::string plan_file = (run.folder() / "plan.json").string();
  if (!outcome.part_of_stored) {
    const bool begun = !std::filesystem::is_empty(run.folder() / "checkpoint");
    const Json plan = with_request(run.read_json("plan.json"), config, plan_file, begun);
    run.write_json("config.json", write_config(config));
    run.write_json("plan.json", plan);
  }

  std::vector<TrialRecord> records;
  std::vector<TrialId> open;
  for (const TrialId& trial : trials) {
    std::optional<TrialRecord> record = ended_record(config, trial, run);
    if (record)
      records.push_back(std::move(*record));
    else
      open.push_back(trial);
  }

  outcome.reused = open.empty();
  if (!open.empty()) {
    std::vector<TrialUnit> units = make_units(asked, open, most_in_stack(asked, options.stack, parameters));
    size_t widest = 1;
    for (const TrialUnit& unit : units) widest = std::max(widest, unit.trials.size());
    run.begin(
        describe_environment(config.device, jobs),
        {{"trials", open.size()}, {"finished_before", records.size()}, {"jobs", jobs}, {"stack", widest}});
    spdlog::info("{}: {} to train, {} finished before; {} side by side on {}{}", id,
                 counted(static_cast<int64_t>(open.size()), "trial"), records.size(),
                 std::min(static_cast<size_t>(jobs), units.size()), config.device,
                 widest > 1 ? fmt::format(", up to {} in a stack", widest) : "");
    for (TrialRecord& record : Pool(config, device, run, options.save_seconds).run(std::move(units), jobs))
      records.push_back(std::move(record));
  }
  sort_records(records, trials);
  const bool complete = records.size() == trials.size() &&
                        std::none_of(records.begin(), records.end(), [](const TrialRecord& record) {
                          return record.progress.status == TrainingStatus::running;
                        });
  if (!complete) {
    run.event({{"event", "interrupted"}, {"signal", stop_signal()}});
    throw interruption("every trial is saved, and the same command goes on from there");
  }
  outcome.result = assess(config, id, std::move(records));
  outcome.result.plan = compare_with_plan(run.read_json("plan.json"), config, plan_file);
  run.finish(outcome.part_of_stored ? run.read_json("result.json") : to_json(outcome.result));
  if (!outcome.reused) run.event({{"event", "finished"}});
  return outcome;
}

}  // namespace ate
