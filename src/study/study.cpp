#include "study/study.h"

#include <ATen/Parallel.h>
#include <c10/core/Device.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "config/grid.h"
#include "config/json.h"
#include "config/kernels.h"
#include "config/overlays.h"
#include "data/corpus.h"
#include "model/embedding_plan.h"
#include "model/layout.h"
#include "run/environment.h"
#include "run/folder.h"
#include "study/compare.h"
#include "study/memory.h"
#include "study/plan.h"
#include "study/settle.h"
#include "study/time_step.h"
#include "study/trial_pool.h"
#include "study/tuning.h"
#include "support/text.h"
#include "train/device.h"

namespace ate {
namespace {

using Json = nlohmann::ordered_json;

std::vector<TrialId> plan_trials(const Config& config) {
  std::vector<TrialId> trials;
  for (const int64_t seed : config.study.seeds)
    for (const Arm& arm : config.study.arms) trials.push_back({arm, seed});
  return trials;
}

// The parameters of the largest model. What would only show when a trial is built is tried for every seed, before
// anything is written.
int64_t check_models(const Config& study, const SeedList& seeds, const std::vector<Arm>& arms) {
  int64_t largest = 0;
  for (const int64_t seed : seeds) {
    try {
      const Corpus corpus = make_corpus(study.source, seed);
      for (const Arm& arm : arms) {
        const Config config = arm_config(study, arm);
        const EmbeddingPlan plan = plan_embedding(
            config, arm, config.source == study.source ? corpus : make_corpus(config.source, seed), seed);
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
int jobs_here(const Config& config, const std::vector<Arm>& arms, at::Device device, int64_t parameters) {
  if (!device.is_cpu()) return 1;
  double bytes = 0;
  for (const Arm& arm : arms) bytes = std::max(bytes, trial_bytes(arm_config(config, arm), parameters));
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
  std::set<std::pair<std::string, int64_t>> there;
  for (const Json& trial : stored)
    if (trial.is_object() && trial.value("arm", Json()).is_string() &&
        trial.value("seed", Json()).is_number_integer())
      there.emplace(trial["arm"].get<std::string>(), trial["seed"].get<int64_t>());
  return std::all_of(trials.begin(), trials.end(), [&](const TrialId& id) {
    return there.contains({id.arm_name(), id.seed});
  });
}

// Whether the stored config lists the arms of this one, each with what it sets.
bool has_arms(const Json& stored, const Config& config) {
  const Json::json_pointer arms("/study/arms");
  if (!stored.is_object() || !stored.contains(arms) || !stored[arms].is_array()) return false;
  const Json asked = arms_to_json(config.study.arms);
  return std::all_of(asked.begin(), asked.end(), [&](const Json& arm) {
    return std::find(stored[arms].begin(), stored[arms].end(), arm) != stored[arms].end();
  });
}

// Whether more seeds may still bring a verdict: some comparison is undecided, or exploratory for want of seeds.
bool awaits_verdict(const StudyResult& result) {
  return !leaks(result) &&
         std::any_of(result.comparisons.begin(), result.comparisons.end(), [](const Comparison& c) {
           return (c.decision.outcome == Outcome::undecided || c.difference.n < kSeedsForVerdict) &&
                  c.verdict.find("untuned") == std::string::npos;
         });
}

// The config as its file holds it. Kernels that do not train every arm are left to each arm, as they were asked for.
Json config_for_file(Config config, const Config& asked) {
  for (const Arm& arm : config.study.arms)
    if (chosen_kernels(arm_config(asked, arm)) != config.kernels) config.kernels = asked.kernels;
  return write_config(config);
}

// The smallest beyond all seeds of the study that tuning has not had.
int64_t next_seed(const Config& config) {
  const StudyConfig& study = config.study;
  int64_t seed = *std::max_element(study.seeds.begin(), study.seeds.end()) + 1;
  while (!study.tune.axes.empty() &&
         std::find(study.tune.seeds.begin(), study.tune.seeds.end(), seed) != study.tune.seeds.end())
    ++seed;
  if (seed > kLargestSeed)
    throw BadInput("/study/seeds", fmt::format("no seed can be added beyond {}", kLargestSeed));
  return seed;
}

// The choices that a study makes before its test, each kept in plan.json before a trial depends on it.
class Choices {
 public:
  Choices(const Config& asked, const Config& config, RunFolder& run, TrialPool& pool)
      : config_(config),
        run_(run),
        pool_(pool),
        settler_(asked, [this](const Arm& arm) { return seconds_per_step(arm); }) {}

  // The arms with all that they train with. `tuning` is filled in where the study tunes.
  std::vector<Arm> settled_arms(std::optional<Tuning>& tuning) {
    const auto settle = [this](Arm arm) { return settler_.settled(std::move(arm)); };
    std::vector<Arm> arms = config_.study.arms;
    if (!config_.study.tune.axes.empty()) {
      freeze_tuning(settle, tuning);
      for (size_t i = 0; i < arms.size(); ++i) {
        const std::vector<ArmSetting>& best = tuning->arms[i].points[tuning->arms[i].best].set;
        arms[i].set.insert(arms[i].set.end(), best.begin(), best.end());
      }
    }
    std::transform(arms.begin(), arms.end(), arms.begin(), settle);
    if (std::any_of(arms.begin(), arms.end(), [](const Arm& arm) { return !arm.set.empty(); })) {
      const Lease turn = run_.turn();
      keep("settled", with_others(arms_to_json(arms)));
    }
    return arms;
  }

  // Of each settled arm, by its name; empty where the budget is not seconds.
  std::map<std::string, double> times(const std::vector<Arm>& arms) {
    std::map<std::string, double> times;
    if (config_.study.budget == Budget::seconds)
      for (const Arm& arm : arms) times[arm.name] = seconds_per_step(arm);
    return times;
  }

 private:
  Json plan() const { return run_.read_json("plan.json"); }

  // What another process has frozen meanwhile counts: then it is tuned once more, from there.
  void freeze_tuning(const std::function<Arm(Arm)>& settle, std::optional<Tuning>& tuning) {
    const std::string file = (run_.folder() / "plan.json").string();
    for (Json frozen = tuned_of_plan(plan(), file);;) {
      tuning = tune(config_, settle, frozen, file,
                    [this](const std::vector<TrialId>& trials) { return pool_.train(trials, "to tune"); });
      const Lease turn = run_.turn();
      Json now = tuned_of_plan(plan(), file);
      if (now == frozen) {
        keep("tuned", frozen_tuning(*tuning, frozen));
        return;
      }
      frozen = std::move(now);
    }
  }

  // The arms, and those of other names that the run has trained before.
  Json with_others(Json arms) const {
    const auto name_of = [](const Json& arm) { return arm.is_object() ? arm.value("name", Json()) : arm; };
    for (const Json& other : plan().value("settled", Json::array()))
      if (std::none_of(arms.begin(), arms.end(),
                       [&](const Json& arm) { return name_of(arm) == name_of(other); }))
        arms.push_back(other);
    return arms;
  }

  // In this process's turn.
  void keep(const char* key, Json value) {
    Json document = plan();
    if (document.contains(key) && document[key] == value) return;
    document[key] = std::move(value);
    run_.write_json("plan.json", document);
  }

  // Timed once, so that a study that is taken up again gives each arm the same steps.
  double seconds_per_step(const Arm& arm) {
    const Lease timing =
        run_.leases().wait_for("timing");  // it takes a while, and two at once disturb each other
    Json times = plan().value("seconds_per_step", Json::object());
    if (!times.is_object()) times = Json::object();
    const std::string key = time_key(config_, arm);
    if (!times.contains(key) || !times[key].is_number()) {
      times[key] = time_step(config_, arm);
      const Lease turn = run_.turn();
      keep("seconds_per_step", times);
    }
    return times[key].get<double>();
  }

  const Config& config_;
  RunFolder& run_;
  TrialPool& pool_;
  Settler settler_;
};

}  // namespace

std::string study_run_id(const std::string& command, const Config& config) {
  return fmt::format("{}-{}-{}", command, config.name, experiment_hash(config));
}

Config on_device(Config config) {
  config.device = choose_device(config.device).str();
  return config;
}

StudyOutcome run_study(Resolved resolved, const StudyOptions& options) {
  Config& config = resolved.config;
  int64_t parameters = 0;
  std::vector<Arm> trained;  // the arms, or what tuning trains of them
  Config asked;              // on the chosen device, before its kernels are chosen
  const at::Device device = [&] {
    try {
      config = on_device(std::move(config));
      std::vector<Problem> problems = check_config(config);
      if (!problems.empty()) throw BadInput(std::move(problems));
      asked = config;
      config.kernels = chosen_kernels(config);
      trained = config.study.arms;
      parameters = check_models(config, config.study.seeds, trained);
      if (const TuneConfig& tune = config.study.tune; !tune.axes.empty()) {
        trained = tuning_arms(config, tune.axes);
        parameters = std::max(parameters, check_models(config, tune.seeds, trained));
      }
      if (config.study.budget != Budget::seconds) {
        const Settler settler(asked, nullptr);
        for (const Arm& arm : trained) (void)settler.settled(arm);
      }
      return at::Device(config.device);
    } catch (const BadInput& error) {
      throw resolved.blame(error);
    }
  }();
  const int jobs = options.jobs > 0 ? options.jobs : jobs_here(config, trained, device, parameters);
  at::set_num_threads(1);

  check_stack(asked, options.stack);
  if (config.dtype == Dtype::tf32 && jobs > 1)
    throw BadInput(fmt::format("--jobs {}", jobs), "tf32 is set for the whole process: train one at a time");
  const std::string id = study_run_id(options.command, config);
  RunFolder run(options.out, id, options.fresh, Sharing::shared, options.silence);
  StudyOutcome outcome;
  // As it was before anything was trained or written here.
  const Json stored_config = run.done() ? read_json_if_sound(run.folder() / "config.json") : Json();
  const Json stored_result = run.done() ? read_json_if_sound(run.folder() / "result.json") : Json();
  const auto is_part_of_stored = [&](const Config& request) {
    return has_arms(stored_config, request) && covers_more(stored_result, plan_trials(request));
  };
  outcome.part_of_stored = is_part_of_stored(config);
  const std::string plan_file = (run.folder() / "plan.json").string();
  Config planned = config;  // by the arms as they were asked for
  const auto write_request = [&] {
    const Lease turn = run.turn();
    const bool begun = !std::filesystem::is_empty(run.folder() / "checkpoint");
    const Json plan = with_request(run.read_json("plan.json"), planned, plan_file, begun);
    run.write_json("config.json", config_for_file(planned, asked));
    run.write_json("plan.json", plan);
  };
  if (!outcome.part_of_stored) write_request();

  const int most = most_in_stack(asked, options.stack, parameters);
  TrialPool pool(asked, config, run, {jobs, most, options.save_seconds});
  std::optional<Tuning> tuning;
  std::map<std::string, double> times;
  try {
    Choices choices(asked, planned, run, pool);
    config.study.arms = choices.settled_arms(tuning);
    times = choices.times(config.study.arms);
  } catch (const BadInput& error) {
    throw resolved.blame(error);
  }
  const auto judge = [&] {
    outcome.result = assess(config, id, pool.train(plan_trials(config), "to train"),
                            {seeds_of_plan(run.read_json("plan.json"), planned), tuning, times});
    for (ArmResult& arm : outcome.result.arms) arm.stacked = is_stacked(asked, arm.arm, most);
  };
  judge();
  while (awaits_verdict(outcome.result) &&
         static_cast<int64_t>(config.study.seeds.size()) < options.max_seeds) {
    config.study.seeds.push_back(next_seed(config));
    planned.study.seeds = config.study.seeds;
    outcome.part_of_stored = outcome.part_of_stored && is_part_of_stored(planned);
    if (!outcome.part_of_stored) write_request();
    spdlog::info("no verdict yet after {} seeds: seed {} is added", config.study.seeds.size() - 1,
                 config.study.seeds.back());
    judge();
  }
  outcome.reused = !pool.trained();
  outcome.result.plan = compare_with_plan(run.read_json("plan.json"), planned, plan_file);
  const Lease turn = run.turn();
  if (!outcome.reused && !outcome.part_of_stored) {
    // Another process may have asked for other trials of this run meanwhile, and have finished them.
    Json document = config_for_file(planned, asked);
    const Json there = run.read_json("config.json");
    outcome.part_of_stored = run.done() && has_arms(there, planned) &&
                             covers_more(run.read_json("result.json"), plan_trials(config));
    if (!outcome.part_of_stored && there != document) run.write_json("config.json", document);
  }
  const bool stored =
      run.finish(outcome.part_of_stored ? run.read_json("result.json") : to_json(outcome.result));
  if (stored && !outcome.reused) run.event({{"event", "finished"}});
  return outcome;
}

}  // namespace ate
