#include "report/curve_plot.h"

#include <fmt/format.h>

#include <algorithm>

#include "report/curve_facts.h"

namespace ate {
namespace {

// The middle one; where that is 0, the first above it.
double usual_size(std::vector<double> sizes) {
  std::sort(sizes.begin(), sizes.end());
  for (size_t i = sizes.empty() ? 0 : (sizes.size() - 1) / 2; i < sizes.size(); ++i)
    if (sizes[i] > 0) return sizes[i];
  return 0;
}

bool has_interval(const CurvePoint& point) { return std::isfinite(point.low) && std::isfinite(point.high); }

std::vector<CurvePoint> points_with_value(const CurvePlot& plot) {
  std::vector<CurvePoint> points;
  for (const Curve& curve : plot.curves)
    for (const CurvePoint& point : points_in_order(plot, curve))
      if (std::isfinite(point.y)) points.push_back(point);
  return points;
}

// Around the points, of which those above `most` over the least count as if they were there.
AxisRange range_of_points(const std::vector<CurvePoint>& points, double least, double most) {
  AxisRange range{least, least};
  for (const CurvePoint& point : points) {
    range.high = std::max(range.high, std::min(point.y, least + most));
    if (!has_interval(point) || point.y > least + most) continue;
    range.low = std::min(range.low, std::max(point.low, least - most));
    range.high = std::max(range.high, std::min(point.high, least + most));
  }
  return range;
}

}  // namespace

AxisRange axis_range(const CurvePlot& plot) {
  const bool floor = plot.floor && std::isfinite(*plot.floor);
  const std::vector<CurvePoint> points = points_with_value(plot);
  AxisRange range{floor ? *plot.floor : 0, floor ? *plot.floor : 0};
  if (!points.empty()) {
    double least = points.front().y;
    for (const CurvePoint& point : points) least = std::min(least, point.y);
    std::vector<double> heights;
    std::vector<double> halves;
    for (const CurvePoint& point : points) {
      heights.push_back(point.y - least);
      if (has_interval(point)) halves.push_back((point.high - point.low) / 2);
    }
    const double usual = std::max(usual_size(heights), usual_size(halves));
    const bool far = *std::max_element(heights.begin(), heights.end()) > 8 * usual;
    range = range_of_points(points, least, (far ? 4 : 8) * usual);
    const double span = range.high - range.low;
    if (floor && *plot.floor < range.low && range.low - *plot.floor <= span) range.low = *plot.floor;
    if (floor && *plot.floor > range.high && *plot.floor - range.high <= span) range.high = *plot.floor;
  }
  const double size = std::max(std::abs(range.low), std::abs(range.high));
  double space = 0.06 * (range.high - range.low);
  if (range.high - range.low <= 1e-9 * size) space = size > 0 ? 0.05 * size : 1;
  return {range.low - space, range.high + space};
}

bool has_log_x(const CurvePlot& plot) {
  if (!plot.log_x || !plot.x_names.empty()) return false;
  for (const Curve& curve : plot.curves)
    for (const CurvePoint& point : curve.points)
      if (point.x <= 0) return false;
  return true;
}

bool has_log_y(const CurvePlot& plot) {
  if (!plot.log_y || (plot.floor && !(*plot.floor > 0))) return false;
  for (const Curve& curve : plot.curves)
    for (const CurvePoint& point : curve.points)
      if (point.y <= 0 || point.low <= 0) return false;
  return true;
}

double y_place(const CurvePlot& plot, double y) { return has_log_y(plot) ? std::log10(y) : y; }

AxisRange y_places(const CurvePlot& plot) {
  if (!has_log_y(plot)) return axis_range(plot);
  AxisRange range{INFINITY, -INFINITY};
  const auto take_in = [&](double y) {
    if (std::isfinite(y)) range = {std::min(range.low, std::log10(y)), std::max(range.high, std::log10(y))};
  };
  if (plot.floor) take_in(*plot.floor);
  for (const CurvePoint& point : points_with_value(plot))
    for (const double y : {point.y, point.low, point.high}) take_in(y);
  if (range.low > range.high) return {-1, 1};
  const double space = std::max(0.06 * (range.high - range.low), 0.02);
  return {range.low - space, range.high + space};
}

std::vector<CurvePoint> points_in_order(const CurvePlot& plot, const Curve& curve) {
  std::vector<CurvePoint> points;
  for (const CurvePoint& point : curve.points) {
    const bool named = point.x >= 0 && point.x < static_cast<double>(plot.x_names.size());
    if (plot.x_names.empty() ? std::isfinite(point.x) : named) points.push_back(point);
  }
  std::stable_sort(points.begin(), points.end(),
                   [](const CurvePoint& a, const CurvePoint& b) { return a.x < b.x; });
  return points;
}

const CurvePoint* best_point(const Curve& curve) {
  if (!curve.best || *curve.best >= curve.points.size()) return nullptr;
  const CurvePoint& point = curve.points[*curve.best];
  return std::isfinite(point.x) && std::isfinite(point.y) ? &point : nullptr;
}

std::string x_text(const CurvePlot& plot, double x) {
  if (!plot.x_names.empty()) return plot.x_names[static_cast<size_t>(x)];
  if (plot.binary_x) return binary_count(x);
  return tick_label(x, x == std::floor(x) ? 6 : 4);  // epochs; rates
}

std::string y_text(const CurvePlot& plot, double y, AxisRange range) {
  if (!std::isfinite(y)) return "diverged";
  if (plot.log_y) return tick_label(y, 4);
  if (std::abs(y) >= 1e6) return tick_label(y, 3);
  const double digits = 3 - std::floor(std::log10(range.high - range.low));
  return fmt::format("{:.{}f}", y, static_cast<int>(std::clamp(digits, 0.0, 9.0)));
}

std::string best_text(const CurvePlot& plot, const Curve& curve, AxisRange range) {
  const CurvePoint* const best = best_point(curve);
  return best == nullptr ? ""
                         : fmt::format("best {} at {}", y_text(plot, best->y, range), x_text(plot, best->x));
}

Unshown unshown(const CurvePlot& plot, AxisRange range) {
  Unshown out;
  for (const Curve& curve : plot.curves)
    for (const CurvePoint& point : points_in_order(plot, curve)) {
      out.diverged += std::isfinite(point.y) ? 0 : 1;
      if (!std::isfinite(point.y) || y_place(plot, point.y) <= range.high) continue;
      out.highest = out.above == 0 ? point.y : std::max(out.highest, point.y);
      ++out.above;
    }
  const double floor = plot.floor ? y_place(plot, *plot.floor) : range.low;
  out.floor = floor < range.low || floor > range.high;
  return out;
}

}  // namespace ate
