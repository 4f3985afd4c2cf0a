// Which windows of the corpus a step trains on and an evaluation scores: pure functions of (key, epoch,
// step).
#pragma once

#include <cstdint>
#include <vector>

#include "config/config.h"
#include "data/corpus.h"
#include "random/counter.h"

namespace ate {

// A window is T tokens from its start, and the token after them. Starts are places in the corpus. Of a source that asks
// for answers a window is an example: it starts where one does, and has nothing after it.
using WindowStarts = std::vector<int64_t>;

// The B windows of one training batch, a step unless optimiser.accumulate makes it of several: starts uniform with replacement over the training part.
WindowStarts training_windows(const Config& config, const Corpus& corpus, RandomKey key, int64_t epoch,
                              int64_t step);

// The windows of an evaluation. whole: the validation part once, by non-overlapping windows,
// or for the bag by every start; its last tokens are left out where no whole window fits. sampled: batches *
// B windows with replacement, other ones for each number `draw`.
WindowStarts evaluation_windows(const Config& config, const Corpus& corpus, RandomKey key, int64_t draw);

}  // namespace ate
