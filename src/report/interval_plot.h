// Dots with intervals around a line at 0, one row each, for a terminal and as SVG.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "report/axis.h"

namespace ate {

struct IntervalRow {
  std::string label;
  double value = 0;  // the dot; NaN for none
  double low = 0;    // the interval around it; NaN for none
  double high = 0;
  std::string remark;  // a word or two at the row's end, after the value
  size_t colour = 0;   // of curve_colours(), in an SVG
};

struct IntervalPlot {
  std::string title;
  std::string left;   // what a value below 0 means: "better"
  std::string right;  // what a value above 0 means
  double margin = 0;  // half the width of the band around 0; 0 or NaN for none
  std::vector<IntervalRow> rows;
};

// Takes in 0, the margin and the rows, but at most four times what half of the rows need, so that one far
// row does not press the others flat: what lies outside is cut off, with an arrow at the edge.
AxisRange axis_range(const IntervalPlot& plot);

// In ASCII, `width` columns at most: "o" a value, "|" 0, ":" the margin, "<" and ">" what goes on beyond.
std::string text_plot(const IntervalPlot& plot, size_t width);

// A whole SVG file that refers to nothing outside. Rows are ordered by their values, with the numbers beside them.
std::string svg_plot(const IntervalPlot& plot);

}  // namespace ate
