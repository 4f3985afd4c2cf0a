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

// The same for a stack's arrays [R, S], each row clipped by its own norm. `learning_rate` and `step` are scalars of
// float on the arrays' device, so that a recorded step can be replayed with others.
void update(const OptimiserConfig& config, Arena& stack, const at::Tensor& learning_rate,
            const at::Tensor& step);

}  // namespace ate
