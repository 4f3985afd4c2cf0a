// A study's result as tables and sentences.
#pragma once

#include <cstddef>
#include <optional>

#include "report/interval_plot.h"
#include "report/table.h"
#include "study/result.h"

namespace ate {

Report study_report(const StudyResult& result);

// The arm's colour in every picture of a report: its place in the study; none where arms are more than colours, and have
// panels instead.
std::optional<size_t> arm_colour(const StudyResult& result, const Arm& arm);

// The paired differences to the baseline, with the margin as the band around 0.
IntervalPlot differences_plot(const StudyResult& result);

}  // namespace ate
