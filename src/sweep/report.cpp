#include "sweep/report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "study/progress_head.h"
#include "support/names.h"
#include "support/text.h"
#include "sweep/rows.h"
#include "sweep/stops.h"

namespace ate {
namespace {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

std::string duration(double seconds) {
  if (seconds < 120) return fmt::format("{:.0f} s", seconds);
  return seconds < 7200 ? fmt::format("{:.0f} min", seconds / 60) : fmt::format("{:.1f} h", seconds / 3600);
}

// Of the trials of a run, by its progress files.
struct RunProgress {
  double trainings = 0;  // done, in trials: 1.5 is one and a half
  double seconds = 0;    // spent on them
};

// Of these runs, from the names and texts of their progress files.
std::map<std::string, RunProgress> progress_in(const fs::path& out, const std::set<std::string>& ids) {
  std::map<std::string, RunProgress> runs;
  if (ids.empty()) return runs;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(out, error)) {
    const std::string name = entry.path().filename().string();
    const size_t id = name.rfind("_study-");
    if (name.rfind("progress_", 0) != 0 || id == std::string::npos || entry.path().extension() != ".json")
      continue;
    const std::string own = name.substr(id + 1, name.size() - id - 6);
    if (!ids.contains(own)) continue;
    const std::optional<ProgressHead> trial = read_progress_head(entry.path());
    if (!trial) continue;
    RunProgress& run = runs[own];
    run.trainings +=
        trial->status == TrainingStatus::running
            ? static_cast<double>(trial->epochs) / std::max(1.0, static_cast<double>(trial->epochs_in_all))
            : 1;
    run.seconds += trial->seconds;
  }
  return runs;
}

}  // namespace

Report sweep_plan_report(const Sweep& sweep, const std::vector<SweepJob>& jobs,
                         const std::vector<JobCost>& costs, const fs::path& out) {
  Report report;
  report.title = "Sweep " + sweep.name;
  std::vector<ListedJob> list;
  for (const SweepJob& job : jobs) list.push_back(listed(sweep.name, job));
  Table table{"jobs", "Jobs: each is one study", {{"job", "job"}}, {}};
  const std::vector<std::string> paths = paths_of(list);
  add_settings(table, paths);
  for (const Column& column : std::vector<Column>{{"arms", "arms"},
                                                  {"seeds", "seeds"},
                                                  {"trials", "trials"},
                                                  {"parameters", "parameters"},
                                                  {"flops", "FLOPs (G)", 1, 1e9},
                                                  {"seconds", "processor s", 1},
                                                  {"disk", "disk (MB)", 1, 1e6},
                                                  {"state", "state"}})
    table.columns.push_back(column);
  JobCost all;
  double seconds = 0;
  int64_t left = 0;
  double seconds_left = 0;
  for (size_t i = 0; i < jobs.size(); ++i) {
    const JobState state = report_job(out, list[i]).state;
    std::vector<Json> row = {jobs[i].id};
    add_setting_cells(row, paths, list[i].set);
    row.insert(row.end(), {fmt::format("{}", fmt::join(list[i].arms, " ")), format_seeds(list[i].seeds),
                           costs[i].trials, costs[i].parameters, costs[i].flops,
                           number_or_null(costs[i].seconds), costs[i].disk, state_name(state)});
    table.rows.push_back(std::move(row));
    all.trials += costs[i].trials;
    all.flops += costs[i].flops;
    all.disk += costs[i].disk;
    seconds += costs[i].seconds.value_or(0);
    if (state == JobState::finished || state == JobState::diverged) continue;
    ++left;
    seconds_left += costs[i].seconds.value_or(0);
  }
  report.facts = {
      fmt::format("{}, {}", counted(static_cast<int64_t>(jobs.size()), "job"), counted(all.trials, "trial")),
      fmt::format("{:.4g} GFLOP in training steps, about {} of one processor (measured steps; evaluations "
                  "not counted)",
                  all.flops / 1e9, duration(seconds)),
      fmt::format("at most {:.1f} MB of checkpoints", all.disk / 1e6),
      fmt::format("in {}: {} finished, {} to run, about {} of one processor", out.string(),
                  jobs.size() - static_cast<size_t>(left), left, duration(seconds_left))};
  report.document = {{"sweep", sweep.name},
                     {"trials", all.trials},
                     {"flops", all.flops},
                     {"seconds", seconds},
                     {"disk", all.disk},
                     {"to_run", left},
                     {"seconds_to_run", seconds_left},
                     {"jobs", objects_of(table)}};
  report.tables.push_back(std::move(table));
  return report;
}

SweepStatus sweep_status(const fs::path& out) {
  SweepStatus status;
  const std::vector<ListedJob> jobs = read_listings(out);
  std::vector<JobReport> reports;
  std::map<std::string, RunProgress>
      of_ended;  // from their results: a finished sweep has thousands of progress files
  std::set<std::string> open;
  for (const ListedJob& job : jobs) {
    JobReport report = report_job(out, job);
    if (report.state == JobState::finished || report.state == JobState::diverged)
      of_ended[job.id] = {static_cast<double>(job.trials()), report.seconds};
    else
      open.insert(job.id);
    report.result = nullptr;  // thousands of them would take hundreds of megabytes
    reports.push_back(std::move(report));
  }
  std::map<std::string, RunProgress> progress = progress_in(out, open);
  progress.merge(of_ended);
  std::map<JobState, std::pair<int64_t, int64_t>> counts;  // jobs and trials
  Table begun{"jobs",
              "Jobs that are begun or failed",
              {{"job", "job"},
               {"state", "state"},
               {"set", "sets"},
               {"done", "trained (%)", 0, 0.01},
               {"seconds_left", "processor s left", 0},
               {"reason", "reason"}},
              {}};
  double trainings = 0;
  double seconds = 0;
  double left = 0;
  for (size_t i = 0; i < jobs.size(); ++i) {
    const ListedJob& job = jobs[i];
    const JobReport& report = reports[i];
    auto& [of_state, trials] = counts[report.state];
    ++of_state;
    trials += static_cast<int64_t>(job.trials());
    const auto known = progress.find(job.id);
    const RunProgress run = known == progress.end() ? RunProgress{} : known->second;
    const auto all = static_cast<double>(job.trials());
    const bool ended = report.state == JobState::finished || report.state == JobState::diverged;
    trainings += run.trainings;
    seconds += run.seconds;
    if (!ended && report.state != JobState::failed) left += std::max(0.0, all - run.trainings);
    if (report.state == JobState::waiting || report.state == JobState::finished) continue;
    const Json own_left = !ended && run.trainings > 0
                              ? Json(run.seconds / run.trainings * std::max(0.0, all - run.trainings))
                              : Json();
    std::vector<std::string> sets;
    for (const auto& [path, value] : job.set.items()) sets.push_back(path + "=" + value.dump());
    begun.rows.push_back({job.id, state_name(report.state), fmt::format("{}", fmt::join(sets, ", ")),
                          std::min(1.0, run.trainings / all), own_left,
                          report.reason.empty() ? Json() : Json(report.reason)});
  }
  Report& report = status.report;
  report.title = "Sweeps in " + out.string();
  Table table{"counts", "", {{"state", "state"}, {"jobs", "jobs"}, {"trials", "trials"}}, {}};
  for (const JobState state : {JobState::waiting, JobState::running, JobState::stopped, JobState::finished,
                               JobState::diverged, JobState::failed})
    table.rows.push_back({state_name(state), counts[state].first, counts[state].second});
  status.open =
      counts[JobState::waiting].first + counts[JobState::running].first + counts[JobState::stopped].first > 0;
  if (status.open && trainings > 0)
    report.facts.push_back(fmt::format("about {} of one processor left, as the trials so far took",
                                       duration(seconds / trainings * left)));
  report.document = {{"counts", objects_of(table)}, {"jobs", objects_of(begun)}};
  report.tables.push_back(std::move(table));
  if (const SlurmStops stops = read_stops(out); stops.all() > 0) {
    Table slurm{"stops",
                "Tasks that Slurm stopped: no failures",
                {{"stop", "stop"}, {"times", "times"}},
                {{"preempted", stops.preempted},
                 {"time limit", stops.time_limit},
                 {"lost with the node", stops.lost},
                 {"stopped, not begun again", stops.told}}};
    report.document["stops"] = objects_of(slurm);
    report.tables.push_back(std::move(slurm));
  }
  if (!begun.rows.empty()) report.tables.push_back(std::move(begun));
  return status;
}

Report sweep_table(const fs::path& out) {
  Report report;
  const std::vector<ListedJob> jobs = read_listings(out);
  const std::vector<std::string> paths = paths_of(jobs);
  Table table{"trials", "", {{"sweep", "sweep"}, {"job", "job"}}, {}};
  table.keys = 2;
  add_settings(table, paths);
  for (const Column& column : std::vector<Column>{{"arm", "arm"},
                                                  {"seed", "seed"},
                                                  {"status", "status"},
                                                  {"loss", "loss (nats)", 4},
                                                  {"excess", "excess (nats)", 4},
                                                  {"accuracy", "accuracy", 4},
                                                  {"steps", "steps"},
                                                  {"seconds", "s", 2},
                                                  {"parameters", "parameters"},
                                                  {"flops", "FLOPs (G)", 2, 1e9},
                                                  {"baseline", "baseline"},
                                                  {"difference", "difference (nats)", 5},
                                                  {"ci95_low", "95 % from", 5},
                                                  {"ci95_high", "to", 5},
                                                  {"p_holm", "p (Holm)", 4},
                                                  {"verdict", "verdict"}})
    table.columns.push_back(column);
  int64_t ended = 0;
  for (const ListedJob& job : jobs) {
    const JobReport run = report_job(out, job);
    const TrialRows trials(run.result);
    for (const std::string& arm : job.arms) {
      const Json* const test = find_row(run.result, "comparisons", "arm", arm);
      for (const int64_t seed : job.seeds) {
        const Json* const trial = trials.find(arm, seed);
        std::vector<Json> row = {job.sweep, job.id};
        add_setting_cells(row, paths, job.set);
        row.insert(row.end(),
                   {arm, seed, trial == nullptr ? Json(state_name(run.state)) : value_of(trial, "status")});
        ended += trial != nullptr;
        for (const char* key : {"val_loss", "excess", "accuracy", "steps", "seconds", "parameters", "flops"})
          row.push_back(value_of(trial, key));
        for (const char* key : {"baseline", "mean_difference"}) row.push_back(value_of(test, key));
        for (const size_t end : {size_t{0}, size_t{1}}) row.push_back(value_of(test, "ci95", end));
        for (const char* key : {"p_holm", "verdict"}) row.push_back(value_of(test, key));
        table.rows.push_back(std::move(row));
      }
    }
  }
  report.title = "Trials of the sweeps in " + out.string();
  report.facts = {
      fmt::format("{} of {} have ended", ended, counted(static_cast<int64_t>(table.rows.size()), "trial"))};
  report.document = {{"trials", objects_of(table)}};
  report.tables.push_back(std::move(table));
  return report;
}

}  // namespace ate
