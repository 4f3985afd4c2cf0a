// What trials take of memory, and so how many train at once. Estimates from above. No LibTorch.
#pragma once

#include <cstdint>

#include "config/config.h"

namespace ate {

// Bytes that a trial on the CPU takes at most, by its arrays: a model of so many parameters with gradients and moments,
// the activations of a batch, and the logits of an evaluation's batch with what is made of them. The corpus of a
// text stays on disk.
double trial_bytes(const Config& config, int64_t parameters);

// Bytes that a trial adds to a stack: its arrays with the copy that a diverged trial goes back to, and what a step
// keeps between forward and backward.
double stacked_trial_bytes(const Config& config, int64_t parameters);

// As many trials as fit into `memory` bytes, from 1 to `most`. 0 when memory cannot be told, which limits nothing.
int trials_that_fit(double memory, double bytes_per_trial, int most);

}  // namespace ate
