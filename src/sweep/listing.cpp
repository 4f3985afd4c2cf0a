#include "sweep/listing.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "config/names.h"
#include "config/overlays.h"
#include "run/folder.h"
#include "study/status.h"
#include "support/error.h"
#include "support/json.h"

namespace ate {
namespace {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

constexpr const char* kPrefix = "sweep_";

fs::path run_folder(const fs::path& out, const std::string& id) { return out / "runs" / id; }

// The trials of a result that are the job's; fewer where it is of other arms or seeds.
std::vector<const Json*> trials_of(const Json& result, const ListedJob& job) {
  std::vector<const Json*> own;
  if (!result.is_object() || !result.contains("trials") || !result["trials"].is_array()) return own;
  const std::set<std::string> arms(job.arms.begin(), job.arms.end());
  const std::set<int64_t> seeds(job.seeds.begin(), job.seeds.end());
  for (const Json& trial : result["trials"])
    if (trial.is_object() && trial.value("arm", Json()).is_string() &&
        trial.value("seed", Json()).is_number_integer() && arms.count(trial["arm"].get<std::string>()) > 0 &&
        seeds.count(trial["seed"].get<int64_t>()) > 0)
      own.push_back(&trial);
  return own;
}

// By name.
std::vector<fs::path> listing_files(const fs::path& out) {
  std::vector<fs::path> files;
  std::error_code error;
  for (const fs::directory_entry& entry : fs::directory_iterator(out, error))
    if (entry.path().filename().string().rfind(kPrefix, 0) == 0 && entry.path().extension() == ".json")
      files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

ListedJob listed(const std::string& sweep, const SweepJob& job) {
  ListedJob out{sweep, job.id, settings_to_json(job.set), {}, job.config.study.seeds};
  for (const Arm& arm : job.config.study.arms) out.arms.push_back(arm.name);
  return out;
}

void write_listing(const fs::path& out, const std::string& sweep, const std::vector<SweepJob>& jobs) {
  Json document = {{"sweep", sweep}, {"jobs", Json::array()}};
  for (const SweepJob& one : jobs) {
    const ListedJob job = listed(sweep, one);
    document["jobs"].push_back(
        {{"id", job.id}, {"set", job.set}, {"arms", job.arms}, {"seeds", format_seeds(job.seeds)}});
  }
  make_folders(out);
  const fs::path path = out / (kPrefix + sweep + ".json");
  if (read_json_if_sound(path) == document) return;
  try {
    write_json_file(path, document);
  } catch (const Failure&) {  // another process of the sweep may have written the same at the same time
    if (read_json_if_sound(path) != document) throw;
  }
}

bool has_listings(const fs::path& out) { return !listing_files(out).empty(); }

std::vector<ListedJob> read_listings(const fs::path& out) {
  const std::vector<fs::path> files = listing_files(out);
  if (files.empty())
    throw BadInput("\"" + out.string() + "\"", "has no sweep: ate sweep run FILE --out makes one");
  std::vector<ListedJob> jobs;
  for (const fs::path& file : files) {
    const Json document = read_json_file(file);
    const JsonValue root(document, file.string());
    const std::string sweep = root.at("sweep").text();
    for (const JsonValue& one : root.at("jobs").items()) {
      ListedJob job{sweep, one.at("id").text(), one.at("set").json(), one.at("arms").texts(), {}};
      if (!safe_in_file_names(job.id, 200)) one.at("id").expected("a run's id");
      std::string problem;
      job.seeds = parse_seeds(one.at("seeds").text(), problem);
      if (!problem.empty()) one.at("seeds").expected("a list of seeds");
      if (!job.set.is_object()) one.at("set").expected("an object of settings");
      jobs.push_back(std::move(job));
    }
  }
  return jobs;
}

const char* state_name(JobState state) {
  switch (state) {
    case JobState::waiting:
      return "waiting";
    case JobState::running:
      return "running";
    case JobState::stopped:
      return "stopped";
    case JobState::finished:
      return "finished";
    case JobState::diverged:
      return "diverged";
    case JobState::failed:
      return "failed";
  }
  return "?";
}

fs::path failure_file(const fs::path& out, const std::string& id) {
  return run_folder(out, id) / "failure.json";
}

JobReport report_job(const fs::path& out, const ListedJob& job) {
  JobReport report;
  const fs::path folder = run_folder(out, job.id);
  if (fs::exists(folder / "DONE")) {
    Json result = read_json_if_sound(folder / "result.json");
    const std::vector<const Json*> trials = trials_of(result, job);
    if (trials.size() == job.trials()) {
      std::vector<std::string> diverged;
      for (const Json* trial : trials) {
        if (trial->value("status", Json()) == "diverged")
          diverged.push_back(
              fmt::format("{}-s{}", (*trial)["arm"].get<std::string>(), (*trial)["seed"].get<int64_t>()));
        if (const Json seconds = trial->value("seconds", Json()); seconds.is_number())
          report.seconds += seconds.get<double>();
      }
      report.state = diverged.empty() ? JobState::finished : JobState::diverged;
      if (!diverged.empty()) report.reason = fmt::format("diverged: {}", fmt::join(diverged, ", "));
      report.result = std::move(result);
      return report;
    }
  }
  if (is_worked_on(folder)) {
    report.state = JobState::running;
  } else if (const Json failure = read_json_if_sound(failure_file(out, job.id)); failure.is_object()) {
    report.state = JobState::failed;
    const Json reason = failure.value("reason", Json());
    report.reason = reason.is_string() ? reason.get<std::string>() : "failure.json does not say why";
  } else if (fs::exists(folder / "config.json")) {
    report.state = JobState::stopped;
  }
  return report;
}

}  // namespace ate
