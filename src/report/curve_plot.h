// Curves with intervals at their points, for a terminal and as SVG: loss over the learning rate, loss over epochs, cost over
// the length of a sequence.
#pragma once

#include <cmath>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "report/axis.h"

namespace ate {

struct CurvePoint {
  double x = 0;
  double y = 0;    // NaN: no value, the training diverged
  double low = 0;  // the interval around y; NaN for none
  double high = 0;
};

struct Curve {
  std::string name;
  std::vector<CurvePoint> points;  // in any order
  std::optional<size_t> best{};    // index of the point to mark

  // In an SVG alone.
  std::optional<size_t>
      colour{};         // of curve_colours(): what it means is the same in every panel; its place otherwise
  bool joined = true;   // by a line through its points
  std::string panel{};  // curves of one name share a panel, in the order of the names
};

struct CurvePlot {
  std::string title;
  std::string x_label;
  std::string y_label;
  bool log_x = true;  // linear all the same where an x is not above 0
  std::vector<Curve> curves;
  std::vector<std::string> x_names{};  // where x are no numbers: the names of the places x = 0, 1, 2, ...
  std::optional<double> floor{};       // a line across: no loss lies below it
  std::string floor_label = "floor";
  bool log_y = false;     // in an SVG alone; linear all the same where a y is not above 0
  bool binary_x = false;  // x counts by 1024: ticks at powers of 2, 131072 as "128k"
};

// Ends of the y axis. Takes in everything; but where a point lies more than eight times as high over the least value as
// half of the points do, the axis ends at four times, so that a training that almost diverged does not press the others
// flat: what lies above is cut off and marked. The least value is never cut off. A floor that would more than double the axis is left out.
AxisRange axis_range(const CurvePlot& plot);

// In ASCII, `width` columns at most (and at least about 40): a block for each curve with a line for each point, x
// downwards, y to the right; beside each other where there are many curves. "o" a value, "*" the best one, "-" its
// interval, "." the first curve, again in the blocks of the others, "|" the floor, ">" what is cut off.
std::string text_plot(const CurvePlot& plot, size_t width);

// A whole SVG file that refers to nothing outside, light or dark as its reader prefers. Up to six curves share a
// panel; more have a panel each, with the first curve in grey. Curves that name panels are drawn in these, under a key of
// their colours.
std::string svg_plot(const CurvePlot& plot);

}  // namespace ate
