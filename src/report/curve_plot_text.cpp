#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "report/curve_facts.h"
#include "support/text.h"

namespace ate {
namespace {

constexpr size_t kMostRows = 12;       // of a block; more points are thinned out
constexpr size_t kMostStacked = 3;     // blocks; more stand beside each other
constexpr size_t kEnoughColumns = 16;  // of the axis, where blocks stand beside each other
constexpr size_t kFewestColumns = 12;  // of the axis, however narrow the terminal
constexpr size_t kBetween = 2;         // columns between two blocks

using Lines = std::vector<std::string>;

std::string filled(std::string text, size_t width) {
  text = cut_to_width(text, width);
  return text + std::string(width - display_width(text), ' ');
}

// Points that are shown: all, or the first, the last, the best and others evenly between.
std::vector<CurvePoint> shown_points(const CurvePlot& plot, const Curve& curve) {
  const std::vector<CurvePoint> points = points_in_order(plot, curve);
  if (points.size() <= kMostRows) return points;
  std::set<size_t> kept;
  const size_t steps = kMostRows - 2;  // one row is the best one's
  for (size_t i = 0; i <= steps; ++i) kept.insert(i * (points.size() - 1) / steps);
  if (const CurvePoint* const best = best_point(curve))
    for (size_t i = 0; i < points.size(); ++i)
      if (points[i].x == best->x && points[i].y == best->y) kept.insert(i);
  std::vector<CurvePoint> out;
  for (const size_t i : kept) out.push_back(points[i]);
  return out;
}

// The value of a curve at x, on a straight line between its points; NaN beside them.
double value_at_x(const CurvePlot& plot, const Curve& curve, double x) {
  const std::vector<CurvePoint> points = points_in_order(plot, curve);
  const auto place = [&](double at) { return has_log_x(plot) ? std::log(at) : at; };
  for (size_t i = 0; i < points.size(); ++i) {
    if (points[i].x == x) return points[i].y;
    if (i == 0 || points[i].x < x || points[i - 1].x > x) continue;
    const double share = (place(x) - place(points[i - 1].x)) / (place(points[i].x) - place(points[i - 1].x));
    return points[i - 1].y + share * (points[i].y - points[i - 1].y);
  }
  return std::nan("");
}

class TextCurves {
 public:
  TextCurves(const CurvePlot& plot, size_t width) : plot_(plot), range_(axis_range(plot)) {
    for (const Curve& curve : plot.curves)
      for (const CurvePoint& point : shown_points(plot, curve)) {
        label_ = std::max(label_, display_width(printable(x_text(plot, point.x))));
        value_ = std::max(value_, y_text(plot_, point.y, range_).size());
      }
    label_ = std::min(label_, std::max<size_t>(6, width / 5));
    const size_t around = 2 + label_ + 2 + 2 + value_;
    const size_t curves = std::max<size_t>(1, plot.curves.size());
    if (curves > kMostStacked)
      across_ = std::max<size_t>(1, (width + kBetween) / (around + kEnoughColumns + kBetween));
    const size_t down = (curves + across_ - 1) / across_;
    across_ = (curves + down - 1) / down;  // the same height, evenly filled
    const size_t room = (width + kBetween) / across_ - kBetween;
    columns_ = std::max(kFewestColumns, room > around ? room - around : 0);
    block_ = around + columns_;
  }

  std::string draw(size_t width) const {
    std::string out = printable(plot_.title) + "\n";
    out += wrapped(printable(fmt::format("down: {}, across: {}", plot_.x_label, plot_.y_label)), width, "  ",
                   "    ");
    for (size_t first = 0; first < plot_.curves.size(); first += across_) out += row_of_blocks(first);
    out += axis_lines();
    return out + legend(width);
  }

 private:
  std::string row_of_blocks(size_t first) const {
    std::vector<Lines> blocks;
    size_t height = 0;
    for (size_t i = first; i < std::min(first + across_, plot_.curves.size()); ++i) {
      blocks.push_back(block(plot_.curves[i]));
      height = std::max(height, blocks.back().size());
    }
    std::string out;
    for (size_t l = 0; l < height; ++l) {
      Lines parts;
      for (const Lines& lines : blocks) parts.push_back(l < lines.size() ? lines[l] : "");
      out += beside(parts);
    }
    return out;
  }

  std::string beside(const Lines& parts) const {
    std::string line;
    for (const std::string& part : parts) line += filled(part, block_) + std::string(kBetween, ' ');
    line.erase(line.find_last_not_of(' ') + 1);
    return line + "\n";
  }

  Lines block(const Curve& curve) const {
    const std::string best = printable(best_text(plot_, curve, range_));
    std::string head = "  " + printable(curve.name);
    if (!best.empty() && display_width(head + ": " + best) <= block_) head += ": " + best;
    Lines lines = {head};
    for (const CurvePoint& point : shown_points(plot_, curve)) lines.push_back(point_line(curve, point));
    return lines;
  }

  std::string point_line(const Curve& curve, const CurvePoint& point) const {
    const TextAxis axis(range_, columns_);
    std::string line(columns_, ' ');
    if (plot_.floor) axis.put(line, *plot_.floor, '|');
    const Curve& first = plot_.curves.front();
    if (std::isfinite(point.y) && !axis.beyond_right(point.y))
      axis.put_interval(line, point.low, point.high, '|');
    if (&curve != &first) axis.put(line, value_at_x(plot_, first, point.x), '.');
    const CurvePoint* const best = best_point(curve);
    axis.put(line, point.y, best != nullptr && best->x == point.x && best->y == point.y ? '*' : 'o');
    if (axis.beyond_left(point.low)) line.front() = '<';
    if (axis.beyond_right(point.high) || axis.beyond_right(point.y)) line.back() = '>';
    const std::string label = cut_to_width(printable(x_text(plot_, point.x)), label_);
    return fmt::format("  {}{}  {}  {:>{}}", std::string(label_ - display_width(label), ' '), label, line,
                       y_text(plot_, point.y, range_), value_);
  }

  // Every n-th tick, marked on the rule, and its number under it; "" where numbers would touch.
  std::string numbers_under(const TextAxis& axis, const std::vector<double>& ticks,
                            const std::vector<std::string>& labels, size_t every, std::string& rule) const {
    std::string numbers(columns_, ' ');
    std::string marked(columns_, '-');
    size_t free = 0;
    for (size_t i = 0; i < ticks.size(); i += every) {
      const std::string label = cut_to_width(labels[i], columns_);
      const auto at = static_cast<size_t>(axis.column(ticks[i]));
      const size_t left = std::min(at - std::min(at, label.size() / 2), columns_ - label.size());
      if (left < free) return "";
      marked[at] = '+';
      numbers.replace(left, label.size(), label);
      free = left + label.size() + 2;
    }
    rule = marked;
    return numbers;
  }

  // The axis under each block of a row: a rule with a mark at each number, and the numbers as far as they do not touch.
  std::string axis_lines() const {
    const TextAxis axis(range_, columns_);
    std::string rule(columns_, '-');
    std::string numbers;
    const std::vector<double> ticks = linear_ticks(range_);
    const std::vector<std::string> labels = linear_labels(ticks);
    for (size_t every = 1; numbers.empty(); ++every)
      numbers = numbers_under(axis, ticks, labels, every, rule);
    const std::string before(2 + label_ + 2, ' ');
    const size_t blocks = std::min(across_, plot_.curves.size());
    return beside(Lines(blocks, before + rule)) + beside(Lines(blocks, before + numbers));
  }

  // Of the marks that the plot has.
  std::string legend(size_t width) const {
    const Unshown out = unshown(plot_, range_);
    bool best = false;
    bool intervals = false;
    size_t points = 0;
    size_t shown = 0;
    for (const Curve& curve : plot_.curves) {
      best = best || best_point(curve) != nullptr;
      for (const CurvePoint& point : curve.points) intervals = intervals || point.high > point.low;
      points = std::max(points, curve.points.size());
      shown = std::max(shown, shown_points(plot_, curve).size());
    }
    Lines items = {"o value"};
    if (best) items.push_back("* best");
    if (intervals) items.push_back("- interval");
    if (plot_.curves.size() > 1) items.push_back(". " + printable(plot_.curves.front().name));
    if (plot_.floor && !out.floor) items.push_back("| " + printable(plot_.floor_label));
    if (out.above > 0) items.push_back("> above the plot");
    if (out.floor)
      items.push_back(printable(plot_.floor_label) + " " + tick_label(*plot_.floor) + " outside the plot");
    if (shown < points) items.push_back(fmt::format("{} of {} points of a curve", shown, points));
    std::string text = " ";
    size_t used = 1;
    for (const std::string& whole : items) {
      const std::string item = cut_to_width(whole, width > 2 ? width - 2 : 0);
      const size_t needed = display_width(item) + 3;
      if (used > 1 && used + needed > width + 1) {
        text += "\n ";
        used = 1;
      }
      text += (used > 1 ? "   " : " ") + item;
      used += needed;
    }
    return text + "\n";
  }

  const CurvePlot& plot_;
  AxisRange range_;
  size_t label_ = 0;
  size_t value_ = 0;
  size_t across_ = 1;   // blocks beside each other
  size_t columns_ = 0;  // of the axis
  size_t block_ = 0;    // columns of a block
};

}  // namespace

std::string text_plot(const CurvePlot& plot, size_t width) {
  CurvePlot linear = plot;
  linear.log_y = false;
  return TextCurves(linear, width).draw(width);
}

}  // namespace ate
