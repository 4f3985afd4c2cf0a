// A sweep in its folder: the list of its jobs (<out>/sweep_<name>.json), and what the files of each job's run say.
// Nothing here locks, trains or needs the sweep's file. No LibTorch.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "sweep/jobs.h"

namespace ate {

// A job as the list has it.
struct ListedJob {
  std::string sweep;
  std::string id;
  nlohmann::ordered_json set;     // {"body.width": 32}
  std::vector<std::string> arms;  // names
  SeedList seeds;
  size_t trials() const { return arms.size() * seeds.size(); }
};

ListedJob listed(const std::string& sweep, const SweepJob& job);

// Replaces the sweep's list, unless it is the same.
void write_listing(const std::filesystem::path& out, const std::string& sweep,
                   const std::vector<SweepJob>& jobs);

// Whether there is such a list.
bool has_listings(const std::filesystem::path& out);

// The jobs of every sweep in the folder, the sweeps by name. Throws BadInput where there is none, Failure for a damaged
// list.
std::vector<ListedJob> read_listings(const std::filesystem::path& out);

enum class JobState {
  waiting,   // no trial has begun
  running,   // a process holds the run
  stopped,   // begun, and no process is at it
  finished,  // every trial, and its result is stored
  diverged,  // finished, but for trials that diverged
  failed     // the last attempt ended with an error
};
const char* state_name(JobState state);

struct JobReport {
  JobState state = JobState::waiting;
  std::string reason;             // why it failed, or which trials diverged
  double seconds = 0;             // that its trials trained, where they have all ended
  nlohmann::ordered_json result;  // the run's, where it has all the job's trials; else null
};
JobReport report_job(const std::filesystem::path& out, const ListedJob& job);

// Where an attempt that ended with an error leaves its words; none: nothing failed.
std::filesystem::path failure_file(const std::filesystem::path& out, const std::string& id);

}  // namespace ate
