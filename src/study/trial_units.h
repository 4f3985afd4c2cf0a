// Which trials train together. No LibTorch.
#pragma once

#include <vector>

#include "config/config.h"
#include "train/progress.h"

namespace ate {

// Trials that one thread trains.
struct TrialUnit {
  std::vector<TrialId> trials;
  bool stacked = false;  // in batched steps (see train/trial_stack.h); false: one trial, trained alone
};

// `asked` below: the config on its device, before its kernels are chosen. `stack`: as StudyOptions has it.

// Throws BadInput for --stack when more than 1 is asked for and no arm can be stacked.
void check_stack(const Config& asked, int stack);

// How many trials may train in one stack: `stack` where that is a number; for 0 what half of the GPU's free memory
// holds, and 1 elsewhere. `parameters`: of the largest model.
int most_in_stack(const Config& asked, int stack, int64_t parameters);

// Whether trials of this arm train in stacks of at most `most`.
bool is_stacked(const Config& asked, const Arm& arm, int most);

// The trials in units of at most `most`, in their order; those of arms that cannot be stacked train alone.
std::vector<TrialUnit> make_units(const Config& asked, const std::vector<TrialId>& trials, int most);

}  // namespace ate
