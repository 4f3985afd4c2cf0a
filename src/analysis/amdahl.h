// What cheaper attention can do for the whole: Amdahl's law (Amdahl 1967). The projections and the
// feed-forward block stay as they are however cheap attention gets.
#pragma once

#include "analysis/accounting.h"

namespace ate {

struct Amdahl {
  double attention_share = 0;  // of the dense layer's or model's FLOPs
  double limit = 0;            // speedup if attention cost nothing: 1 / (1 - share)
};

// Of dense attention in the corrected accounting. scope: layer or model.
Amdahl amdahl(const Shape& shape, Scope scope, Pass pass = Pass::forward);

// The whole's speedup when only its attention gets `speedup` times faster: 1 / ((1 - share) + share /
// speedup).
double whole_speedup(const Amdahl& amdahl, double speedup);

}  // namespace ate
