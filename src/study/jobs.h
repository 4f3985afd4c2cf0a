// How many trials to train side by side. No LibTorch.
#pragma once

#include <cstdint>

#include "config/config.h"

namespace ate {

// Bytes that a trial on the CPU takes at most, by its arrays: a model of so many parameters with gradients and moments,
// the activations of a batch, and the logits of an evaluation's batch with what is made of them. An estimate from
// above; the corpus of a text stays on disk.
double trial_bytes(const Config& config, int64_t parameters);

// One trial per core, but no more than fit into four fifths of the memory, and at least one. `memory`: bytes; 0 when it
// cannot be told, which limits nothing.
int side_by_side(int cores, int64_t memory, double bytes_per_trial);

}  // namespace ate
