// Measured attention as a table.
#pragma once

#include <vector>

#include "bench/attention.h"
#include "report/table.h"

namespace ate {

// The speedup that the corrected accounting predicts for a sparse path: FLOPs of dense attention over those
// of the heads that the path computes.
double predicted_speedup(const AttentionTiming& timing);

// A row for each shape and path: median and range of its wall-clock, its memory, and its speedup over the
// fastest dense path beside the ratio of operations that predicts it.
Table measured_rows(const std::vector<MeasuredShape>& shapes);

// Adds a panel for each sparse path: its speedup as measured beside the one that its FLOPs predict. The curves that the
// plot has get a panel too.
void add_measured_curves(CurvePlot& plot, const std::vector<MeasuredShape>& shapes);

// What the measurement found, a sentence for each shape that ran.
std::vector<std::string> measured_notes(const std::vector<MeasuredShape>& shapes);

}  // namespace ate
