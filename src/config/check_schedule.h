// What is wrong with the schedule and with the evaluations beside it.
#pragma once

#include <vector>

#include "config/config.h"
#include "support/error.h"

namespace ate {

// Problems of the schedule over the steps that the config has; a budget may give an arm others.
std::vector<Problem> check_schedule(const Config& config);

std::vector<Problem> check_evaluation(const EvaluationConfig& evaluation);

}  // namespace ate
