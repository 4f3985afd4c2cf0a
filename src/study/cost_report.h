// What each arm cost, and the losses at equal cost: arms of a study may differ in what a step takes. No LibTorch.
#pragma once

#include <limits>
#include <optional>

#include "report/table.h"
#include "study/result.h"

namespace ate {

// What an arm had come to when it had spent so much: by an evaluation within 1 % of that cost.
struct LossAtCost {
  int64_t steps = 0;  // that it had made by then
  // Primary number over the finished seeds, nats; NaN where there was no such evaluation.
  double mean = std::numeric_limits<double>::quiet_NaN();
};

struct ArmCost {
  std::string arm;
  int64_t parameters = 0;
  int64_t steps = 0;  // of a whole training
  double tokens = 0;  // read in training
  double flops = 0;   // of a whole training
  double seconds_per_step =
      0;  // wall-clock, evaluations included, side by side with others; mean over the seeds
  std::optional<double> timed_seconds_per_step;  // by itself, as timed for a budget of seconds
  LossAtCost at_equal_steps;                     // the fewest steps that any arm made
  LossAtCost at_equal_flops;                     // the fewest operations that any arm spent
};

std::vector<ArmCost> costs_of(const StudyResult& result);

// Whether the study has something to say of cost: an arm has settings of its own, or the budget is not steps.
bool tells_costs(const StudyResult& result);

nlohmann::ordered_json to_json(const ArmCost& cost);

Table costs_table(const StudyResult& result);

}  // namespace ate
