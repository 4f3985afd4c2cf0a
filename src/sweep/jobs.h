// The studies that a sweep trains: one for each run id, with the arms and seeds of all points that share it.
#pragma once

#include <string>
#include <vector>

#include "sweep/sweep_file.h"

namespace ate {

struct SweepJob {
  std::string id;    // the run's, as `ate study` names it
  size_t point = 0;  // the first of the points
  SweepPoint set;    // what the point sets, but for arms and seeds
  Config config;     // on its device, with all arms and seeds
};

// Checks every point. Throws BadInput that names the point: two points that are the same, points of one run that ask for a
// part of its arms x seeds, and whatever a study refuses before it trains.
std::vector<SweepJob> sweep_jobs(const Sweep& sweep);

// The job's config with its addresses, to run it.
Resolved resolve_job(const Sweep& sweep, const SweepJob& job);

// Every n-th job, from the i-th on.
struct Shard {
  size_t index = 0;
  size_t count = 1;
};
std::vector<SweepJob> shard_of(const std::vector<SweepJob>& jobs, const Shard& shard);

}  // namespace ate
