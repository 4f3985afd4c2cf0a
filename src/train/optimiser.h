// One update of a model's parameters by the config's optimiser, after the clip. Each optimiser is a file of
// train/optimisers/, in plain operations; the fused kernels have some of them too.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>

#include "config/config.h"
#include "model/arena.h"

namespace ate {

// Which update it is. The tensors are on the arrays' device, for a stack, so that a recorded step can be replayed with
// others; the numbers are for one model.
struct OptimiserStep {
  double learning_rate = 0;
  at::Tensor learning_rate_tensor{};  // a stack's, a scalar of float; else undefined
  at::Tensor number;                  // counts updates from 1, a scalar of float
  at::Tensor
      decayed{};  // a stack's: 1 where weight decay acts and 0 elsewhere; undefined where it acts on all
};

// Weight decay by itself, on what OptimiserConfig::decayed says: from the parameters where the kind's is decoupled,
//   p <- p (1 - rate * weight_decay),  else into the gradients,  g <- g + weight_decay * p.
void apply_decay(const OptimiserConfig& config, const Layout& layout, Arena& arena, const OptimiserStep& at);

// One update of arena.parameters by arena.gradients, in place, after the clip. `step` counts updates from 1.
//   clip: g <- g * min(1, clip_norm / (|g| + 1e-6)), as torch.nn.utils.clip_grad_norm_. What learns from a side loss alone
//   (ParameterTensor::side_loss) has a norm of its own, so that it never moves the model.
void update(const OptimiserConfig& config, const Layout& layout, Arena& arena, double learning_rate,
            int64_t step);

// The same for a stack's arrays [R, S], each row clipped by its own norm, of models without side losses; `layout`: of any
// of them; `decayed`: as in OptimiserStep.
void update(const OptimiserConfig& config, const Layout& layout, Arena& stack,
            const at::Tensor& learning_rate, const at::Tensor& step, const at::Tensor& decayed = {});

}  // namespace ate
