// One stage of a pipeline: so many optimiser steps on an arena, saved and resumed. Its numbers depend on the loss
// alone, which must be a pure function of the step and the parameters: a stage that was killed ends in the same bits.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <string>

#include "config/config.h"
#include "model/arena.h"
#include "run/folder.h"

namespace ate {

struct Stage {
  std::string name;  // of its checkpoint
  int64_t steps = 0;
  OptimiserConfig optimiser;
  double save_seconds = 30;
};

// The loss of step i (from 0), a scalar with its graph.
using StageLoss = std::function<at::Tensor(int64_t step)>;

// Goes on from the newest sound checkpoint to the last step. Returns the mean loss of the last tenth of the steps.
// Throws StageStopped when a signal asked for it, the state saved.
double run_stage(const Stage& stage, const Layout& layout, Arena& arena, RunFolder& run,
                 const StageLoss& loss);

}  // namespace ate
