// When the learning rate moves, when the validation loss is taken and when a trial ends. No LibTorch.
#pragma once

#include <cstdint>
#include <vector>

#include "config/config.h"

namespace ate {

// Learning rate of an epoch, counted from 0. cosine: lr * (1 + cos(pi * epoch / epochs)) / 2 (Loshchilov &
// Hutter 2017, without restarts), stepped once per epoch.
double learning_rate(const Config& config, int64_t epoch);

// Whether the validation loss is taken after this epoch: after index 0, every index divisible by
// evaluation.every, and the last.
bool evaluates_after(const Config& config, int64_t epoch);

// Whether the losses so far end the trial early: the last n = `early_stop_evaluations` of them gained less than
// `early_stop_gain` over the one before them, so n + 1 losses are compared, first with last.
bool stops_early(const ScheduleConfig& schedule, const std::vector<double>& validation_losses);

}  // namespace ate
