// What `ate sweep` prints. No LibTorch.
#pragma once

#include <filesystem>
#include <vector>

#include "report/table.h"
#include "sweep/cost.h"
#include "sweep/listing.h"

namespace ate {

// A row for each job: what it sets, its trials, what it takes, and how far it is in `out`.
Report sweep_plan_report(const Sweep& sweep, const std::vector<SweepJob>& jobs,
                         const std::vector<JobCost>& costs, const std::filesystem::path& out);

struct SweepStatus {
  Report report;
  bool open = false;  // jobs are waiting, running or stopped
};
// Counts, and the jobs that are begun or failed.
SweepStatus sweep_status(const std::filesystem::path& out);

// One long table: a row for each trial of each job, with what the job sets and the comparison of the trial's arm.
Report sweep_table(const std::filesystem::path& out);

}  // namespace ate
