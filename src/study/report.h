// A study's result as tables and sentences.
#pragma once

#include "report/interval_plot.h"
#include "report/table.h"
#include "study/result.h"

namespace ate {

Report study_report(const StudyResult& result);

// The paired differences to the baseline, with the margin as the band around 0.
IntervalPlot differences_plot(const StudyResult& result);

}  // namespace ate
