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

// `stack` below: most trials in a stack, 1 for none, 0 for what fits on a GPU and none elsewhere. `asked`:
// the config on its device, before its kernels are chosen.

// Throws BadInput for --stack when more than 1 is asked for and no arm can be stacked.
void check_stack(const Config& asked, int stack);

// The trials in units, in their order; those of arms that cannot be stacked train alone.
std::vector<TrialUnit> make_units(const Config& asked, const std::vector<TrialId>& trials, int stack);

}  // namespace ate
