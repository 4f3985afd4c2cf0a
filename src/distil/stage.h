// One stage of a distillation: optimiser steps on an arena, by the loop that trials use. Its numbers depend on the loss
// alone, which must be a pure function of the step and the parameters: a stage that was killed ends in the same bits.
#pragma once

#include <functional>
#include <string>

#include "config/config.h"
#include "model/arena.h"
#include "model/model.h"
#include "train/checkpoint.h"

namespace ate {

struct Teacher;

struct StagePlan {
  std::string name;  // of its checkpoint
  int64_t steps = 0;
  OptimiserConfig optimiser;
};

struct StageEnd {
  double loss = 0;     // mean over the last tenth of the steps
  std::string failed;  // why it diverged; "": it did not
};

// The loss of batch i (from 0), which is a step's where the optimiser does not accumulate several.
using StageLoss = std::function<TrainingLoss(int64_t batch)>;

// Goes on from the newest sound checkpoint in the teacher's run to the last step. `arena`: with the state that the plan's
// optimiser keeps. Throws Interrupted when a signal asked for it, the state saved.
StageEnd run_stage(const StagePlan& plan, const Layout& layout, Arena& arena, const Teacher& teacher,
                   const StageLoss& loss);

}  // namespace ate
