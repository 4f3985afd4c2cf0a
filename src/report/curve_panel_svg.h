// One panel of curves in an SVG: axes, and curves over them.
#pragma once

#include <string>
#include <vector>

#include "report/curve_plot.h"

namespace ate {

struct PanelBox {
  double left = 0;
  double top = 0;
  double width = 0;
  double height = 0;
  double right() const { return left + width; }
  double bottom() const { return top + height; }
};

// Whether intervals are bands, because points are many, and not bars.
bool has_bands(const CurvePlot& plot);

class CurvePanel {
 public:
  // `y`: the ends of its axis, see y_places.
  CurvePanel(const CurvePlot& plot, AxisRange y, PanelBox box);

  enum class Numbers { left, right, none };  // where those of the y axis are
  std::string axes(Numbers numbers) const;
  std::string floor_line(bool labelled) const;

  // Lines, intervals, points with their tooltips. `shift` in pixels keeps the intervals of several curves apart.
  std::string curve(const Curve& curve, size_t colour, double shift) const;
  // The lines alone, in grey.
  std::string shadow(const Curve& curve) const;

  // Where a curve starts and where it ends, in pixels; at the top edge if that is above the plot.
  struct End {
    double x;
    double y;
    bool inside;
  };
  std::vector<End> ends(const Curve& curve, double shift) const;

 private:
  double x_of(double x) const;
  double y_of(double y) const;  // kept inside the box
  bool above(double y) const;
  std::string lines(const Curve& curve, const std::string& line_class, double shift) const;
  std::string band(const Curve& curve, size_t colour) const;
  std::string mark(const Curve& curve, const CurvePoint& point, size_t colour, double shift) const;
  std::string tooltip(const Curve& curve, const CurvePoint& point) const;
  std::string x_numbers() const;
  std::vector<double> x_ticks() const;
  std::vector<double> few_x() const;
  double shift_of(const CurvePoint& point, double shift) const;

  const CurvePlot& plot_;
  AxisRange y_;
  PanelBox box_;
  AxisRange x_;  // logarithms where the axis is logarithmic
  bool log_x_;
  bool many_points_;  // bands and lines instead of bars and dots
};

}  // namespace ate
