// Measured training steps as tables.
#pragma once

#include "bench/step_speed.h"
#include "report/table.h"

namespace ate {

// A row for each variant: time per step, and its speed over eager's; rates; where a fused step's time goes;
// the limits that were measured. The document has them as rows[] (the first three in one), peaks[] and
// products[].
Report step_report(const StepSpeedOptions& options, const StepSpeed& speed);

}  // namespace ate
