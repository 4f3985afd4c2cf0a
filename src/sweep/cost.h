// What the jobs of a sweep will take, before any of them trains.
#pragma once

#include <optional>
#include <vector>

#include "sweep/jobs.h"

namespace ate {

struct JobCost {
  int64_t trials = 0;             // tuning's included
  int64_t parameters = 0;         // of the largest arm
  double flops = 0;               // of all trainings, see model/flops.h
  std::optional<double> seconds;  // of one processor in training steps, evaluations not counted
  double disk = 0;                // bytes of checkpoints, at most
  double memory = 0;              // bytes of the largest trial, at most
};

// Also tries what would only show when a model is built, on the first seed of each job; throws BadInput that names the
// job's point. With `timed` steps of at most four models are measured; the others are scaled from the nearest one by
// their floating-point operations.
std::vector<JobCost> sweep_costs(const Sweep& sweep, const std::vector<SweepJob>& jobs, bool timed);

}  // namespace ate
