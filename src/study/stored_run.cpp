#include "study/stored_run.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <map>
#include <set>
#include <tuple>

#include "config/derived.h"
#include "config/grid.h"
#include "config/json.h"
#include "config/overlays.h"
#include "run/folder.h"
#include "study/finished.h"
#include "study/kept_trials.h"
#include "study/plan.h"
#include "study/settle.h"
#include "study/tuning.h"
#include "support/error.h"
#include "support/files.h"
#include "support/json.h"
#include "train/safetensors.h"
#include "train/trial.h"

namespace ate {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

bool is_file(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

// "bespoke-s3" -> the trial; nothing for other names, such as those of previous checkpoints.
std::optional<TrialId> trial_of(const std::string& name, const std::vector<Arm>& arms) {
  const size_t dash = name.rfind("-s");
  if (dash == std::string::npos) return std::nullopt;
  const auto arm = std::find_if(arms.begin(), arms.end(),
                                [&](const Arm& known) { return file_name(known) == name.substr(0, dash); });
  int64_t seed = 0;
  const char* const end = name.data() + name.size();
  const auto [rest, error] = std::from_chars(name.data() + dash + 2, end, seed);
  if (arm == arms.end() || error != std::errc() || rest != end) return std::nullopt;
  return TrialId{*arm, seed};
}

// The trials of a run by what its checkpoints say, and trials.json of those that have none.
class StoredTrials {
 public:
  explicit StoredTrials(const fs::path& folder) : folder_(folder), kept_(read_kept_trials(folder)) {
    std::error_code ignored;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder / "checkpoint", ignored))
      if (entry.path().extension() == ".safetensors") checkpoints_.insert(entry.path().stem().string());
  }

  bool any_checkpoint() const { return !checkpoints_.empty(); }
  bool has(const TrialId& id) const { return checkpoints_.contains(id.file()) || kept_.contains(id.file()); }

  TrialRecord record(const TrialId& id) const {
    TrialRecord trial;
    trial.id = id;
    trial.progress =
        checkpoints_.contains(id.file())
            ? checkpoint_progress(SafetensorsFile(folder_ / "checkpoint" / (id.file() + ".safetensors")))
            : kept_.at(id.file()).progress;
    return trial;
  }

  // Whatever the last request listed, the trials of these arms that are there: in the arms' order, so that the first is
  // the baseline.
  std::vector<TrialId> of(const std::vector<Arm>& arms) const {
    std::set<std::string> names = checkpoints_;
    for (const auto& [name, ignored] : kept_) names.insert(name);
    std::vector<TrialId> trials;
    for (const std::string& name : names)
      if (const std::optional<TrialId> id = trial_of(name, arms)) trials.push_back(*id);
    const auto key = [&](const TrialId& id) {
      return std::tuple(std::find(arms.begin(), arms.end(), id.arm) - arms.begin(), id.seed);
    };
    std::sort(trials.begin(), trials.end(),
              [&](const TrialId& a, const TrialId& b) { return key(a) < key(b); });
    return trials;
  }

 private:
  fs::path folder_;
  std::map<std::string, KeptTrial> kept_;
  std::set<std::string> checkpoints_;  // names without their ending
};

// The trial as it stood after so many epochs of `steps`. Where it was not evaluated then it stays unfinished, with the
// reason.
void go_back(TrialRecord& trial, int64_t epoch, int64_t steps) {
  Progress& p = trial.progress;
  if (p.status == TrainingStatus::diverged) return;
  std::vector<int64_t> epochs;
  for (size_t i = 0; i < p.evaluations.size(); ++i) {
    const Evaluation& e = p.evaluations[i];
    if (e.updates % steps != 0) continue;  // inside an epoch
    epochs.push_back(e.epoch + 1);
    if (epochs.back() != epoch) continue;
    p.evaluations.resize(i + 1);
    p.status = TrainingStatus::finished;
    return;
  }
  p.status = TrainingStatus::running;
  p.reason = fmt::format("not evaluated after epoch {}, but after {}", epoch, fmt::join(epochs, ", "));
}

template <class T>
void add_once(std::vector<T>& list, const T& value) {
  if (std::find(list.begin(), list.end(), value) == list.end()) list.push_back(value);
}

}  // namespace

Config read_stored_config(const fs::path& folder) {
  const fs::path path = folder / "config.json";
  if (!is_file(path))
    throw BadInput(
        "\"" + folder.string() + "\"",
        "is no run's folder: it has no config.json; runs are in tool_outputs/runs, or --out's runs");
  Config config;
  std::vector<Problem> problems;
  const Json document = parse_json(read_whole_file(path), path.string(), problems);
  if (!problems.empty()) throw BadInput(std::move(problems));
  if (!document.is_object()) throw BadInput(path.string(), "is no JSON object");
  read_config(document, config, problems);
  for (Problem& problem : problems) problem.where = path.string() + ": " + problem.where;
  if (!problems.empty()) throw BadInput(std::move(problems));
  return config;
}

std::vector<Arm> arms_of_run(const fs::path& folder, const Config& config) {
  std::vector<Arm> arms;
  const Json plan = read_json_if_sound(folder / "plan.json");
  if (plan.is_object() && plan.contains("settled")) {
    std::vector<Problem> problems;
    read_settled_arms(plan["settled"], (folder / "plan.json").string() + ": /settled", arms, problems);
    if (!problems.empty()) throw Failure(problems[0].where, problems[0].what);
  }
  for (const Arm& arm : config.study.arms) add_once(arms, arm);
  for (const Arm& arm : built_in_arms()) add_once(arms, arm);
  return arms;
}

std::vector<Arm> tuning_arms_of_run(const fs::path& folder, const Config& config) {
  TuneAxes grid = config.study.tune.axes;
  const Json plan = read_json_if_sound(folder / "plan.json");
  if (const Json::json_pointer grown("/tuned/grid"); plan.is_object() && plan.contains(grown)) {
    std::vector<Problem> problems;
    read_axes(plan[grown], (folder / "plan.json").string() + ": /tuned/grid", grid, problems);
    if (!problems.empty()) throw Failure(problems[0].where, problems[0].what);
  }
  std::vector<Arm> arms;
  if (grid.empty()) return arms;
  for (const Arm& arm : config.study.arms)
    for (const std::vector<ArmSetting>& point : grid_points(grid)) arms.push_back(tuning_arm(arm, point));
  return arms;
}

namespace {

// What tuning came to, from its stored trials; nothing where nothing was tuned, or a trial of the grid is not there.
std::optional<Tuning> stored_tuning(const fs::path& folder, const StoredTrials& stored, const Config& config,
                                    const Json& plan) {
  struct Missing {};
  const std::string file = (folder / "plan.json").string();
  if (config.study.tune.axes.empty() || !plan.is_object()) return std::nullopt;
  const Json frozen = tuned_of_plan(plan, file);
  if (frozen.is_null()) return std::nullopt;
  const Settler settler(config, [&](const Arm& arm) {
    const Json::json_pointer time("/seconds_per_step/" + time_key(config, arm));
    if (!plan.contains(time) || !plan[time].is_number()) throw Missing();
    return plan[time].get<double>();
  });
  const auto train = [&](const std::vector<TrialId>& ids) {
    std::vector<TrialRecord> trials;
    for (const TrialId& id : ids) {
      if (!stored.has(id)) throw Missing();
      trials.push_back(stored.record(id));
    }
    return trials;
  };
  try {
    return tune(
        config, [&](Arm arm) { return settler.settled(std::move(arm)); }, frozen, file, train);
  } catch (const Missing&) {
    return std::nullopt;
  }
}

}  // namespace

StoredRun read_run(const fs::path& folder, int64_t epoch) {
  StoredRun run;
  run.name = folder.string();
  run.epoch = epoch;
  Config config = read_stored_config(folder);
  run.config = write_config(config);
  run.environment = read_json_if_sound(folder / "environment.json");
  const Json plan = read_json_if_sound(folder / "plan.json");
  const Config planned = config;
  std::optional<Tuning> tuning;
  const StoredTrials stored(folder);
  run.checkpoints = stored.any_checkpoint();
  if (epoch == 0) tuning = stored_tuning(folder, stored, config, plan);
  std::vector<TrialRecord> trials;
  const std::vector<TrialId> ids = stored.of(arms_of_run(folder, config));
  config.study.arms.clear();
  config.study.seeds.clear();
  for (const TrialId& id : ids) {
    TrialRecord trial = stored.record(id);
    if (epoch > 0) go_back(trial, epoch, steps_per_epoch(arm_config(config, id.arm)));
    add_once(config.study.arms, id.arm);
    add_once(config.study.seeds, id.seed);
    trials.push_back(std::move(trial));
  }
  if (std::none_of(trials.begin(), trials.end(), finished))
    throw BadInput(run.name,
                   trials.empty() || epoch == 0
                       ? "no trial of an arm and a seed has finished, by its checkpoints or trials.json"
                       : trials[0].id.text() + " was " + trials[0].progress.reason);
  const fs::path named = folder.has_filename() ? folder : folder.parent_path();
  run.result = assess(config, named.filename().string(), std::move(trials),
                      {seeds_of_plan(plan, config), std::move(tuning)});
  if (plan.is_object()) run.result.plan = compare_with_plan(plan, planned, (folder / "plan.json").string());
  return run;
}

}  // namespace ate
