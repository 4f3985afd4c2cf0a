// What of a batch of windows is scored: every token, or the answers that examples ask for.
#pragma once

#include <ATen/core/Tensor.h>

#include "config/config.h"

namespace ate {

// Columns of a batch of windows: T tokens and the one after them, or, of a source that asks, T tokens and their T
// answers, kNotAsked where there is none.
int64_t window_columns(const Config& config);

struct Scored {
  at::Tensor targets;  // [n]
  at::Tensor
      rows;  // [n]: theirs among the positions of the batch, window after window; undefined: all of them
};

// Of windows [N, columns], on their device. `predictions`: that the model makes of a window (see targets_per_window).
Scored scored_of(const at::Tensor& windows, int64_t length, int64_t predictions, bool asks);

}  // namespace ate
