// An analysis as curves.
#pragma once

#include "analysis/request.h"
#include "report/curve_plot.h"

namespace ate {

// Speedup over T, a colour for each accounting: a panel for each d and k, or one curve through all shapes.
CurvePlot speedup_plot(const AnalysisRequest& request);

}  // namespace ate
