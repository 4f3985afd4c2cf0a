#include "report/curve_panel_svg.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "report/curve_facts.h"
#include "report/svg.h"
#include "support/text.h"

namespace ate {
namespace {

constexpr size_t kMostBars = 12;      // points of a curve with bars; more have a band
constexpr double kNumberWidth = 58;   // pixels that a number on the x axis takes
constexpr double kCountWidth = 38;    // the same for "128k"
constexpr double kNumberHeight = 18;  // on the y axis
constexpr double kLetterWidth = 6.4;  // of a small letter, roughly

AxisRange x_range(const CurvePlot& plot, bool log_x) {
  if (!plot.x_names.empty()) return {-0.5, static_cast<double>(plot.x_names.size()) - 0.5};
  AxisRange range{INFINITY, -INFINITY};
  for (const Curve& curve : plot.curves)
    for (const CurvePoint& point : points_in_order(plot, curve)) {
      const double x = log_x ? std::log10(point.x) : point.x;
      range = {std::min(range.low, x), std::max(range.high, x)};
    }
  if (!(range.low <= range.high)) return log_x ? AxisRange{-1, 0} : AxisRange{0, 1};
  double space = 0.05 * (range.high - range.low);
  if (space <= 1e-9 * std::abs(range.high))
    space = log_x || range.high == 0 ? 0.5 : 0.5 * std::abs(range.high);
  return {range.low - space, range.high + space};
}

std::string path_of(const std::string& d, const std::string& more) {
  return d.empty() ? "" : fmt::format("<path d=\"{}\" {}/>\n", d, more);
}

std::string of_class(const std::string& name) { return "class=\"" + name + "\""; }

}  // namespace

bool has_bands(const CurvePlot& plot) {
  return std::any_of(plot.curves.begin(), plot.curves.end(),
                     [](const Curve& curve) { return curve.points.size() > kMostBars; });
}

CurvePanel::CurvePanel(const CurvePlot& plot, AxisRange y, PanelBox box)
    : plot_(plot),
      y_(y),
      box_(box),
      x_(x_range(plot, has_log_x(plot))),
      log_x_(has_log_x(plot)),
      many_points_(has_bands(plot)) {}

double CurvePanel::x_of(double x) const {
  const double place = log_x_ ? std::log10(x) : x;
  return box_.left + (place - x_.low) / (x_.high - x_.low) * box_.width;
}

bool CurvePanel::above(double y) const { return y_place(plot_, y) > y_.high; }

double CurvePanel::y_of(double y) const {
  const double share = (y_place(plot_, y) - y_.low) / (y_.high - y_.low);
  return box_.bottom() - std::clamp(share, 0.0, 1.0) * box_.height;
}

// The x of all points, where there is room for the number of each; empty otherwise.
std::vector<double> CurvePanel::few_x() const {
  std::set<double> all;
  for (const Curve& curve : plot_.curves)
    for (const CurvePoint& point : points_in_order(plot_, curve)) all.insert(point.x);
  std::vector<double> out(all.begin(), all.end());
  for (size_t i = 1; i < out.size(); ++i)
    if (x_of(out[i]) - x_of(out[i - 1]) < (plot_.binary_x ? kCountWidth : kNumberWidth)) return {};
  return out;
}

std::string CurvePanel::x_numbers() const {
  std::string out;
  const auto number = [&](double x, const std::string& text) {
    out += svg_line(x_of(x), box_.bottom(), x_of(x), box_.bottom() + 5, of_class("axis"));
    out += svg_text(x_of(x), box_.bottom() + 19, "middle", text, "class=\"quiet\" font-size=\"12\"");
  };
  if (!plot_.x_names.empty()) {
    const double each = box_.width / static_cast<double>(plot_.x_names.size());
    for (size_t i = 0; i < plot_.x_names.size(); ++i)
      number(static_cast<double>(i),
             cut_to_width(printable(plot_.x_names[i]), static_cast<size_t>(each / kLetterWidth)));
    return out;
  }
  for (const double x : x_ticks()) number(x, x_text(plot_, x));
  return out;
}

// At the points, where there is room for all; else as the axis has them.
std::vector<double> CurvePanel::x_ticks() const {
  if (std::vector<double> tried = few_x(); !tried.empty()) return tried;
  const auto room = static_cast<size_t>(box_.width / kNumberWidth);
  if (log_x_) {
    const AxisRange range{std::pow(10, x_.low), std::pow(10, x_.high)};
    return plot_.binary_x ? binary_ticks(range, room) : log_ticks(range, room);
  }
  const std::vector<double> ticks = linear_ticks(x_);
  std::vector<double> kept;
  for (size_t i = 0; i < ticks.size(); i += ticks.size() / (room + 1) + 1) kept.push_back(ticks[i]);
  return kept;
}

std::string CurvePanel::axes(Numbers numbers) const {
  std::string out;
  const bool log_y = has_log_y(plot_);
  const std::vector<double> ticks = log_y ? log_ticks({std::pow(10, y_.low), std::pow(10, y_.high)},
                                                      static_cast<size_t>(box_.height / kNumberHeight))
                                          : linear_ticks(y_);
  std::vector<std::string> labels = linear_labels(ticks);
  if (log_y)
    std::transform(ticks.begin(), ticks.end(), labels.begin(), [](double y) { return tick_label(y); });
  const double step = log_y || ticks.size() < 2 ? kNumberHeight : y_of(ticks[0]) - y_of(ticks[1]);
  for (size_t i = 0; i < ticks.size(); i += step < kNumberHeight ? 2 : 1) {
    const double y = y_of(ticks[i]);
    out += svg_line(box_.left, y, box_.right(), y, of_class("grid"));
    const char* const look = "class=\"quiet\" font-size=\"12\"";
    if (numbers == Numbers::left) out += svg_text(box_.left - 8, y + 4, "end", labels[i], look);
    if (numbers == Numbers::right) out += svg_text(box_.right() + 8, y + 4, "start", labels[i], look);
  }
  return out + svg_line(box_.left, box_.bottom(), box_.right(), box_.bottom(), of_class("axis")) +
         x_numbers();
}

std::string CurvePanel::floor_line(bool labelled) const {
  if (!plot_.floor) return "";
  if (const double place = y_place(plot_, *plot_.floor); !(place >= y_.low && place <= y_.high)) return "";
  const double y = y_of(*plot_.floor);
  std::string out = svg_line(box_.left, y, box_.right(), y, "class=\"floor\" stroke-dasharray=\"6 4\"");
  if (labelled)
    out += svg_text(box_.left + 6, y - 6, "start", plot_.floor_label, "class=\"quiet\" font-size=\"12\"");
  return out;
}

// Solid between two points in the box; dashed to one above it, at whose place the line leaves the box.
std::string CurvePanel::lines(const Curve& curve, const std::string& line_class, double shift) const {
  std::string solid;
  std::string cut;
  const std::vector<CurvePoint> points = points_in_order(plot_, curve);
  for (size_t i = 1; i < points.size(); ++i) {
    const CurvePoint& a = points[i - 1];
    const CurvePoint& b = points[i];
    if (!std::isfinite(a.y) || !std::isfinite(b.y) || (above(a.y) && above(b.y))) continue;
    const bool inside = !above(a.y) && !above(b.y);
    std::string& path = inside ? solid : cut;
    const bool goes_on = inside && i > 1 && std::isfinite(points[i - 2].y) && !above(points[i - 2].y);
    const auto at = [&](const CurvePoint& point) {
      return fmt::format("{:.1f} {:.1f}", x_of(point.x) + shift_of(point, shift), y_of(point.y));
    };
    if (!goes_on) path += "M" + at(a);
    path += "L" + at(b);
  }
  return path_of(solid, of_class(line_class) + " stroke-width=\"2\" stroke-linejoin=\"round\"") +
         path_of(cut, of_class(line_class + " cut") + " stroke-width=\"2\"");
}

std::string CurvePanel::band(const Curve& curve, size_t colour) const {
  std::string out;
  std::string upper;
  std::string lower;
  const auto close = [&] {
    if (!upper.empty())
      out += fmt::format("<polygon class=\"dot{} interval\" fill-opacity=\"0.16\" points=\"{}{}\"/>\n",
                         colour, upper, lower);
    upper = lower = "";
  };
  for (const CurvePoint& point : points_in_order(plot_, curve)) {
    if (!std::isfinite(point.y) || !std::isfinite(point.low) || !std::isfinite(point.high)) {
      close();
      continue;
    }
    upper += fmt::format("{:.1f},{:.1f} ", x_of(point.x), y_of(point.high));
    lower = fmt::format("{:.1f},{:.1f} ", x_of(point.x), y_of(point.low)) + lower;
  }
  close();
  return out;
}

std::string CurvePanel::tooltip(const Curve& curve, const CurvePoint& point) const {
  std::string text =
      fmt::format("{}: {} at {}", curve.name, y_text(plot_, point.y, y_), x_text(plot_, point.x));
  if (std::isfinite(point.y) && std::isfinite(point.low) && std::isfinite(point.high))
    text += fmt::format(", interval {} to {}", y_text(plot_, point.low, y_), y_text(plot_, point.high, y_));
  return "<title>" + svg_escaped(text) + "</title>";
}

// A triangle at the top edge for a value above it, a cross over the edge for none.
std::string CurvePanel::mark(const Curve& curve, const CurvePoint& point, size_t colour, double shift) const {
  const double x = x_of(point.x) + shift_of(point, shift);
  if (!std::isfinite(point.y))
    return fmt::format(
        "<g class=\"diverged\">{0}<path class=\"line{1}\" stroke-width=\"2\" "
        "d=\"M{2:.1f} {4:.1f}L{3:.1f} {5:.1f}M{2:.1f} {5:.1f}L{3:.1f} {4:.1f}\"/></g>\n",
        tooltip(curve, point), colour, x - 3.5, x + 3.5, box_.top - 12, box_.top - 5);
  if (above(point.y))
    return fmt::format(
        "<g class=\"beyond\">{}<polygon class=\"dot{}\" points=\"{:.1f},{:.1f} {:.1f},{:.1f} "
        "{:.1f},{:.1f}\"/></g>\n",
        tooltip(curve, point), colour, x, box_.top - 1, x - 5, box_.top + 8, x + 5, box_.top + 8);
  const double y = y_of(point.y);
  const CurvePoint* const best = best_point(curve);
  std::string out = "<g>" + tooltip(curve, point);
  if (!many_points_ && std::isfinite(point.low) && std::isfinite(point.high))
    out += fmt::format(
        "<line class=\"line{} interval\" stroke-width=\"1.5\" x1=\"{:.1f}\" y1=\"{:.1f}\" x2=\"{:.1f}\" "
        "y2=\"{:.1f}\"/>",
        colour, x, y_of(point.low), x, y_of(point.high));
  if (best != nullptr && best->x == point.x && best->y == point.y)
    out += fmt::format(
        "<circle class=\"best hole line{}\" stroke-width=\"2.5\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"6\"/>",
        colour, x, y);
  else if (!many_points_ || !curve.joined || curve.points.size() == 1)
    out += fmt::format("<circle class=\"point dot{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"3.5\"/>", colour, x, y);
  return out + fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"9\" fill-opacity=\"0\"/></g>\n", x, y);
}

// Marks of several curves at the edge would hide each other, and so would bars; bands may overlap.
double CurvePanel::shift_of(const CurvePoint& point, double shift) const {
  if (many_points_) return 0;
  return !std::isfinite(point.y) || above(point.y) ? 2 * shift : shift;
}

std::string CurvePanel::curve(const Curve& curve, size_t colour, double shift) const {
  std::string out = many_points_ ? band(curve, colour) : "";
  if (curve.joined) out += lines(curve, fmt::format("line{}", colour), shift);
  const std::vector<CurvePoint> points = points_in_order(plot_, curve);
  const auto inside = [&](size_t i) {
    return i < points.size() && std::isfinite(points[i].y) && !above(points[i].y);
  };
  for (size_t i = 0; i < points.size(); ++i)
    // Of many points above the plot those say enough where the curve leaves it.
    if (!many_points_ || inside(i) || !std::isfinite(points[i].y) || inside(i - 1) || inside(i + 1) ||
        points.size() == 1)
      out += mark(curve, points[i], colour, shift);
  return out;
}

std::string CurvePanel::shadow(const Curve& curve) const { return lines(curve, "shadow", 0); }

std::vector<CurvePanel::End> CurvePanel::ends(const Curve& curve, double shift) const {
  std::vector<End> ends;
  const std::vector<CurvePoint> points = points_in_order(plot_, curve);
  if (points.empty()) return {{box_.left, box_.bottom(), false}, {box_.right(), box_.bottom(), false}};
  for (const CurvePoint& point : {points.front(), points.back()}) {
    const bool inside = std::isfinite(point.y) && !above(point.y);
    ends.push_back(
        {x_of(point.x) + shift_of(point, shift), std::isfinite(point.y) ? y_of(point.y) : box_.top, inside});
  }
  return ends;
}

}  // namespace ate
