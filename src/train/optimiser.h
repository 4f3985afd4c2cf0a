// Adam and AdamW over the flat arrays of an Arena, with the clip of the whole gradient's norm.
#pragma once

#include <cstdint>

#include "config/config.h"
#include "model/arena.h"

namespace ate {

// One update of arena.parameters by arena.gradients, in place. `step` counts updates from 1.
//   clip:  g <- g * min(1, clip_norm / (|g| + 1e-6)), as torch.nn.utils.clip_grad_norm_
//   Adam:  Kingma & Ba 2015, with bias correction; AdamW: Loshchilov & Hutter 2019
void update(const OptimiserConfig& config, Arena& arena, double learning_rate, int64_t step);

}  // namespace ate
