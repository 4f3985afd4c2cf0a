// What the procedures print, from their results. No LibTorch.
#pragma once

#include "distil/distillation.h"
#include "report/curve_plot.h"
#include "report/table.h"

namespace ate {

Report distillation_report(const DistillationOutcome& outcome);

// Perplexity over cost, both as ratios to dense: a panel for each kind of attention.
CurvePlot frontier_plot(const FrontierResult& frontier);

}  // namespace ate
