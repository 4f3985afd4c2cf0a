// When the learning rate moves, when the validation loss is taken and when a trial ends. No LibTorch.
#pragma once

#include <cstdint>
#include <vector>

#include "config/config.h"

namespace ate {

// Learning rate of update i, counted from 0, of n in all:
//   rate = learning_rate * warmup(i) * decay(p),  decay(p) = minimum_share + (1 - minimum_share) * law(p)
//   warmup(i)  min(1, (i + 1) / (warmup_steps + 1))
//   law(p)     constant 1; cosine (1 + cos(pi p)) / 2 (Loshchilov & Hutter 2017, without restarts); linear 1 - p; wsd
//              min(1, (1 - p) / decay_share) (Hu et al. 2024, MiniCPM)
// p is the share of the run that is done. By epochs it is epoch / epochs. By steps it is the share after the warm-up,
// max(0, i - warmup_steps) / (n - warmup_steps), as nanoGPT has it; for wsd i / n, so that decay_share is of the run.
double learning_rate(const Config& config, int64_t update);

// Whether the validation loss is taken after so many updates: by epochs after epoch index 0, every index divisible by
// evaluation.every, and the last; by steps after every so many; always at the end.
bool evaluates_after(const Config& config, int64_t updates);

// The number of the draw that evaluation.windows=sampled takes after so many updates: the index of the epoch that was
// completed last, 0 before; by steps the updates themselves.
int64_t evaluation_draw(const Config& config, int64_t updates);

// Those of a whole run, in order.
std::vector<int64_t> evaluation_draws(const Config& config);

// Whether the losses so far end the trial early: the last n = `early_stop_evaluations` of them gained less than
// `early_stop_gain` over the one before them, so n + 1 losses are compared, first with last.
bool stops_early(const ScheduleConfig& schedule, const std::vector<double>& validation_losses);

}  // namespace ate
