// What both drawings of a CurvePlot need to know of it.
#pragma once

#include "report/curve_plot.h"

namespace ate {

bool has_log_x(const CurvePlot& plot);
bool has_log_y(const CurvePlot& plot);

// Where a y is on the axis of an SVG: its logarithm on a logarithmic one.
double y_place(const CurvePlot& plot, double y);

// Ends of that axis, as places: axis_range, or around all that is to be drawn where it is logarithmic.
AxisRange y_places(const CurvePlot& plot);

// The points with a place on the x axis, by x.
std::vector<CurvePoint> points_in_order(const CurvePlot& plot, const Curve& curve);

// The point to mark, if it has a value.
const CurvePoint* best_point(const Curve& curve);

std::string x_text(const CurvePlot& plot, double x);

// With as many digits as the axis, of y or of its places, can show, or "diverged".
std::string y_text(const CurvePlot& plot, double y, AxisRange range);

// "best 2.290 at 0.003"; "" without a best point.
std::string best_text(const CurvePlot& plot, const Curve& curve, AxisRange range);

// Points of any curve that the plot, from one end of the axis to the other, cannot show where they are.
struct Unshown {
  size_t above = 0;     // the axis
  double highest = 0;   // of these
  size_t diverged = 0;  // without a value
  bool floor = false;   // the floor lies outside
};
Unshown unshown(const CurvePlot& plot, AxisRange range);

}  // namespace ate
