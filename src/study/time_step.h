// The time of a training step, for budgets of seconds.
#pragma once

#include "config/config.h"

namespace ate {

// Seconds of a processor's time (on a GPU: of the clock) that one step of the arm takes here: the median of several
// bursts, one thread, nothing else training.
double time_step(const Config& study, const Arm& arm);

}  // namespace ate
