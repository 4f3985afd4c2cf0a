// What the procedures print, from their results. No LibTorch.
#pragma once

#include "distil/distillation.h"
#include "report/plot.h"
#include "report/table.h"

namespace ate {

Report distillation_report(const DistillationOutcome& outcome);
Plot frontier_plot(const FrontierResult& frontier);

}  // namespace ate
