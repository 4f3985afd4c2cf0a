// An analysis as curves.
#pragma once

#include "analysis/request.h"
#include "report/plot.h"

namespace ate {

// Speedup over T: for each accounting a curve for each d that has several T, or one through all shapes.
Plot speedup_plot(const AnalysisRequest& request);

}  // namespace ate
