#include "study/status.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/stat.h>

#include <algorithm>
#include <cmath>
#include <ctime>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>

#include "config/grid.h"
#include "run/folder.h"
#include "run/leases.h"
#include "study/plan.h"
#include "study/progress_head.h"
#include "study/stored_run.h"
#include "study/time_left.h"
#include "support/error.h"
#include "support/json.h"
#include "support/text.h"
#include "support/timing.h"

namespace ate {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

bool is_run(const fs::path& folder) {
  std::error_code ignored;
  return fs::is_regular_file(folder / "config.json", ignored);
}

int64_t modified(const fs::path& path) {
  struct stat info = {};
  return ::stat(path.c_str(), &info) == 0 ? info.st_mtime : 0;
}

// Living leases whose names end so; this machine's clock stands for the file server's, as nothing is written here.
std::vector<std::pair<std::string, LeaseFile>> leases_of(const fs::path& folder, const std::string& ending) {
  std::vector<std::pair<std::string, LeaseFile>> found;
  std::error_code ignored;
  for (const fs::directory_entry& entry : fs::directory_iterator(folder / "leases", ignored)) {
    if (entry.path().extension() != ending) continue;
    const std::optional<LeaseFile> file = read_lease(entry.path());
    if (file && !has_ended(file->holder)) found.emplace_back(entry.path().stem().string(), *file);
  }
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  return found;
}

fs::path progress_file(const RunStatus& run, const std::string& arm, const std::string& seed) {
  return run.folder.parent_path().parent_path() / fmt::format("progress_{}_s{}_{}.json", arm, seed, run.id);
}

// All that was ever asked of the run, by its plan: what another process asked for counts as well.
void add_requests(const fs::path& folder, std::vector<std::string>& arms, SeedList& seeds) {
  const std::string file = (folder / "plan.json").string();
  const Json plan = read_json_file(folder / "plan.json");
  if (plan.is_null()) return;
  const std::optional<JsonValue> requests = JsonValue(plan, file).find("requests");
  if (!requests) return;
  const auto add = [](auto& list, const auto& value) {
    if (std::find(list.begin(), list.end(), value) == list.end()) list.push_back(value);
  };
  std::set<int64_t> known(seeds.begin(), seeds.end());
  for (const JsonValue& request : requests->items()) {
    for (const JsonValue& arm : request.at("arms").items())
      add(arms, (arm.json().is_object() ? arm.at("name") : arm).text());
    std::string problem;
    for (const int64_t seed : parse_seeds(request.at("seeds").text(), problem))
      if (known.insert(seed).second) seeds.push_back(seed);
  }
}

void add_running(RunStatus& run, TimeLeft& time, std::set<std::string>& names) {
  for (const auto& [name, lease] : leases_of(run.folder, ".trial")) {
    const size_t dash = name.rfind("-s");
    if (dash == std::string::npos) continue;
    const auto head = read_progress_head(progress_file(run, name.substr(0, dash), name.substr(dash + 2)));
    RunningTrial trial{name, lease.holder, std::max<int64_t>(0, std::time(nullptr) - lease.touched)};
    trial.left = head ? head->left : std::nan("");
    if (head) trial.epochs = head->epochs;
    if (head) trial.epochs_in_all = head->epochs_in_all;
    time.add_running(head ? head->arm : name.substr(0, dash), head ? head->seconds : 0, trial.left);
    names.insert(name);
    run.running.push_back(std::move(trial));
  }
}

// Trials that are not of the test: those that tune.
void count_tuning(RunStatus& run, const Config& config, const std::set<std::string>& tests) {
  const TuneConfig& tune = config.study.tune;
  run.tuned = read_json_file(run.folder / "plan.json").contains("tuned");
  run.tuning_trials =
      static_cast<int64_t>(config.study.arms.size() * tune.seeds.size() * grid_points(tune.axes).size());
  std::error_code ignored;
  const std::string end = "_" + run.id + ".json";
  for (const fs::directory_entry& entry :
       fs::directory_iterator(run.folder.parent_path().parent_path(), ignored)) {
    const std::string name = entry.path().filename().string();
    if (name.rfind("progress_", 0) != 0 || !name.ends_with(end) || tests.count(name) > 0) continue;
    const auto head = read_progress_head(entry.path());
    if (head && head->status != TrainingStatus::running) ++run.tuning_ended;
  }
  run.tuning_trials = std::max(run.tuning_trials, run.tuning_ended);
}

void count_trials(RunStatus& run, const Config& config) {
  SeedList seeds = config.study.seeds;
  for (const Arm& arm : config.study.arms) run.arms.push_back(arm.name);
  add_requests(run.folder, run.arms, seeds);
  TimeLeft time;
  std::set<std::string> running;
  add_running(run, time, running);
  const std::vector<Arm> known = arms_of_run(run.folder, config);
  std::set<std::string> tests;
  for (const std::string& name : run.arms) {
    const auto arm = std::find_if(known.begin(), known.end(), [&](const Arm& a) { return a.name == name; });
    const std::string file = arm == known.end() ? name : file_name(*arm);
    for (const int64_t seed : seeds) {
      ++run.trials;
      const fs::path path = progress_file(run, file, std::to_string(seed));
      tests.insert(path.filename().string());
      if (running.count(fmt::format("{}-s{}", file, seed)) > 0) continue;
      const auto head = read_progress_head(path);
      if (head && head->status != TrainingStatus::running) {
        ++(head->status == TrainingStatus::finished ? run.finished : run.diverged);
        time.add_ended(name, head->seconds);
      } else {
        ++run.open;
        time.add_open(name);
      }
    }
  }
  if (!config.study.tune.axes.empty()) count_tuning(run, config, tests);
  run.left = time.seconds();
}

std::string epochs_text(const RunningTrial& trial) {
  return trial.epochs_in_all > 0 ? fmt::format("{}/{}", trial.epochs, trial.epochs_in_all) : "?";
}

std::string time_text(int64_t seconds) {
  const std::time_t time = seconds;
  std::tm local = {};
  localtime_r(&time, &local);
  char text[32] = {};
  std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &local);
  return text;
}

const char* state_of(const RunStatus& run) { return run.working ? "running" : run.done ? "done" : "stopped"; }

}  // namespace

bool is_worked_on(const fs::path& folder) {
  for (const auto& [name, lease] : leases_of(folder, ".process"))
    if (static_cast<double>(std::time(nullptr) - lease.touched) <= kLeaseSilence) return true;
  return false;
}

std::vector<fs::path> runs_at(const fs::path& path) {
  if (is_run(path)) return {fs::absolute(path).lexically_normal()};
  for (const fs::path& folder : {path / "runs", path}) {
    std::vector<fs::path> found;
    std::error_code ignored;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder, ignored))
      if (is_run(entry.path())) found.push_back(fs::absolute(entry.path()).lexically_normal());
    std::sort(found.begin(), found.end());
    if (!found.empty()) return found;
  }
  throw BadInput("\"" + path.string() + "\"",
                 "holds no run: give a run's folder, such as tool_outputs/runs/ID, or the folder of --out");
}

RunStatus read_status(const fs::path& folder) {
  RunStatus run;
  run.folder = folder.has_filename() ? folder : folder.parent_path();
  run.id = run.folder.filename().string();
  const Config config = read_stored_config(folder);
  run.name = config.name;
  run.working = is_worked_on(folder);
  // A procedure of several stages writes no plan, and has no trials to count.
  if (fs::exists(folder / "plan.json")) count_trials(run, config);
  run.done = fs::exists(folder / "DONE") && run.open == 0 && run.running.empty();
  for (const char* file : {"metrics.jsonl", "checkpoint", "plan.json", "DONE"})
    run.changed = std::max(run.changed, modified(folder / file));
  return run;
}

Report status_report(const std::vector<RunStatus>& runs) {
  Report report;
  Table table{"runs",
              "Runs",
              {{"run", "run"},
               {"state", "state"},
               {"trials", "trials"},
               {"finished", "finished"},
               {"running", "running"},
               {"open", "open"},
               {"diverged", "diverged"},
               {"tuning", "tuning"},
               {"left", "left"},
               {"changed", "last change"}},
              {}};
  Table running{"running",
                "Trials under way",
                {{"run", "run"},
                 {"trial", "trial"},
                 {"host", "host"},
                 {"pid", "pid"},
                 {"epoch", "epoch"},
                 {"left", "left"},
                 {"silent", "silent (s)"}},
                {}};
  Json document = Json::array();
  for (const RunStatus& run : runs) {
    const Json left = run.working && !run.done ? Json(duration(run.left)) : Json();
    const Json tuning = !run.tuned   ? Json()
                        : *run.tuned ? Json("done")
                                     : Json(fmt::format("{}/{}", run.tuning_ended, run.tuning_trials));
    const auto under_way = static_cast<int64_t>(run.running.size());
    table.rows.push_back({run.id, state_of(run), run.trials, run.finished, under_way, run.open, run.diverged,
                          tuning, left, time_text(run.changed)});
    Json trials = Json::array();
    for (const RunningTrial& trial : run.running) {
      const Json host = trial.holder.pid > 0 ? Json(trial.holder.host) : Json();
      const Json pid = trial.holder.pid > 0 ? Json(trial.holder.pid) : Json();
      const Json number = pid.is_null() ? pid : Json(pid.dump());  // no digits in groups
      running.rows.push_back(
          {run.id, trial.trial, host, number, epochs_text(trial), duration(trial.left),
           static_cast<double>(trial.silent) > kLeaseSilence / 4 ? Json(trial.silent) : Json()});
      trials.push_back({{"trial", trial.trial},
                        {"host", host},
                        {"pid", pid},
                        {"since", trial.holder.since},
                        {"silent_seconds", trial.silent},
                        {"epochs_completed", trial.epochs},
                        {"epochs_total", trial.epochs_in_all},
                        {"eta_seconds", number_or_null(trial.left)}});
    }
    document.push_back({{"run_id", run.id},
                        {"folder", run.folder.string()},
                        {"name", run.name},
                        {"arms", run.arms},
                        {"state", state_of(run)},
                        {"trials", run.trials},
                        {"finished", run.finished},
                        {"diverged", run.diverged},
                        {"running", std::move(trials)},
                        {"open", run.open},
                        {"tuned", run.tuned ? Json(*run.tuned) : Json()},
                        {"tuning_trials", run.tuning_trials},
                        {"tuning_ended", run.tuning_ended},
                        {"eta_seconds", number_or_null(run.left)},
                        {"changed", run.changed}});
  }
  report.title = runs.size() == 1 ? runs[0].id + ": " + state_of(runs[0]) : counted(std::ssize(runs), "run");
  if (runs.size() == 1 && !runs[0].arms.empty())
    report.facts = {fmt::format("{}, arms {}", runs[0].name, fmt::join(runs[0].arms, ", "))};
  report.tables = {std::move(table)};
  if (!running.rows.empty()) report.tables.push_back(std::move(running));
  report.document = {{"runs", std::move(document)}};
  return report;
}

}  // namespace ate
