#include "sweep/jobs.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "config/json.h"
#include "config/kernels.h"
#include "study/study.h"

namespace ate {
namespace {

using Pairs = std::set<std::pair<std::string, int64_t>>;

Pairs pairs_of(const StudyConfig& study) {
  Pairs pairs;
  for (const Arm& arm : study.arms)
    for (const int64_t seed : study.seeds) pairs.emplace(arm.name, seed);
  return pairs;
}

std::string place(const Sweep& sweep, size_t point) {
  return fmt::format("{}: point {}", sweep.file, point + 1);
}

// Adds the arms and seeds of another point of the same run.
void merge(SweepJob& job, const Config& config, const Sweep& sweep, size_t point) {
  StudyConfig& study = job.config.study;
  for (const Arm& arm : config.study.arms) {
    const auto same = std::find_if(study.arms.begin(), study.arms.end(),
                                   [&](const Arm& known) { return known.name == arm.name; });
    if (same == study.arms.end())
      study.arms.push_back(arm);
    else if (!(*same == arm))
      throw BadInput(place(sweep, point),
                     fmt::format("its arm {} sets something else than that of point {}, which "
                                 "shares its run: give each its own name",
                                 arm.name, job.point + 1));
  }
  for (const int64_t seed : config.study.seeds)
    if (std::find(study.seeds.begin(), study.seeds.end(), seed) == study.seeds.end())
      study.seeds.push_back(seed);
}

Config as_studied(Resolved resolved) {
  try {
    Config config = on_device(resolved.config);
    config.kernels = chosen_kernels(config);
    return config;
  } catch (const BadInput& error) {
    throw resolved.blame(error);
  }
}

}  // namespace

std::vector<SweepJob> sweep_jobs(const Sweep& sweep) {
  std::vector<SweepJob> jobs;
  std::map<std::string, size_t> by_id;
  std::vector<Pairs> asked;  // of each job
  for (size_t point = 0; point < sweep.points.size(); ++point) {
    const Config config = as_studied(resolve_point(sweep, point));
    const std::string id = study_run_id("study", config);
    const auto [known, is_new] = by_id.emplace(id, jobs.size());
    if (is_new) {
      SweepJob job{id, point, {}, config};
      for (const ArmSetting& setting : sweep.points[point])
        if (setting.path != "study.arms" && setting.path != "study.seeds") job.set.push_back(setting);
      jobs.push_back(std::move(job));
      asked.push_back(pairs_of(config.study));
      continue;
    }
    SweepJob& job = jobs[known->second];
    Pairs& pairs = asked[known->second];
    const size_t before = pairs.size();
    pairs.merge(pairs_of(config.study));
    if (pairs.size() == before)
      throw BadInput(place(sweep, point),
                     fmt::format("({}) trains nothing that point {} does not: leave one out",
                                 describe(sweep.points[point]), job.point + 1));
    merge(job, config, sweep, point);
  }
  for (size_t i = 0; i < jobs.size(); ++i)
    if (asked[i].size() != jobs[i].config.study.arms.size() * jobs[i].config.study.seeds.size())
      throw BadInput(
          place(sweep, jobs[i].point),
          "the points that differ from it in arms and seeds alone are one study, and ask for a part of its "
          "arms x seeds: give every arm every seed");
  return jobs;
}

Resolved resolve_job(const Sweep& sweep, const SweepJob& job) {
  Resolved resolved = resolve_point(sweep, job.point);
  resolved.config.study.arms = job.config.study.arms;
  resolved.config.study.seeds = job.config.study.seeds;
  resolved.document = write_config(resolved.config);
  return resolved;
}

std::vector<SweepJob> shard_of(const std::vector<SweepJob>& jobs, const Shard& shard) {
  std::vector<SweepJob> own;
  for (size_t i = shard.index; i < jobs.size(); i += shard.count) own.push_back(jobs[i]);
  return own;
}

}  // namespace ate
