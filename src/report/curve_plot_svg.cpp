#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "report/curve_facts.h"
#include "report/curve_panel_svg.h"
#include "report/palette.h"
#include "report/svg.h"
#include "support/text.h"

namespace ate {
namespace {

constexpr size_t kMostInOnePanel = 6;
constexpr size_t kLongestCurveName = 26;
constexpr size_t kFootLine = 115;  // characters

// In pixels.
constexpr double kPlotWidth = 960;
constexpr double kPlotLeft = 70;   // y numbers
constexpr double kPlotTop = 92;    // title, y label, crosses
constexpr double kNameRoom = 210;  // beside the panel
constexpr double kPanelHeight = 360;
constexpr double kSmallHeight = 132;
constexpr double kMiddleHeight = 220;  // where two panels are side by side
constexpr double kHeadRoom = 46;       // over a small panel
constexpr double kXRoom = 56;          // x numbers and label
constexpr double kNumberRoom = 26;     // x numbers
constexpr double kNameHeight = 36;     // two lines
constexpr double kLabelAt = 52;        // y label
constexpr double kBoldLetter = 7.8;    // width of one, roughly
constexpr double kShift = 4;           // between the intervals of two curves

class CurvesSvg {
 public:
  explicit CurvesSvg(const CurvePlot& plot) : plot_(plot), y_(y_places(plot)) {
    for (const Curve& curve : plot.curves) {
      named_ = named_ || !curve.panel.empty();
      for (const CurvePoint& point : curve.points)
        crowded_ = crowded_ || point.high > point.low || !std::isfinite(point.y);
    }
    crowded_ = crowded_ || unshown(plot, y_).above > 0;
    if (!named_ && plot.curves.size() <= kMostInOnePanel) return;
    for (size_t i = 0; i < plot.curves.size(); ++i) {
      const std::string& name = named_ ? plot.curves[i].panel : plot.curves[i].name;
      const auto known = std::find_if(panels_.begin(), panels_.end(),
                                      [&](const Panel& panel) { return named_ && panel.name == name; });
      if (known == panels_.end())
        panels_.push_back({name, {i}});
      else
        known->curves.push_back(i);
    }
  }

  std::string draw() {
    double bottom = 0;
    const std::string panels = panels_.empty() ? one_panel(bottom) : small_panels(bottom);
    std::string foot;
    double y = bottom + kXRoom + 14;
    for (const std::string& line : broken_lines(legend(), kFootLine)) {
      foot += svg_text(left_, y, "start", line, "class=\"quiet\" font-size=\"12\"");
      y += 17;
    }
    return head(y) + panels + svg_text(left_, bottom + kXRoom - 12, "start", plot_.x_label + " \u2192") +
           foot + "</svg>\n";
  }

 private:
  std::string head(double height) const {
    std::string summary;
    for (const Curve& curve : plot_.curves) {
      const std::string told = in_words(curve);
      summary += curve.name + (curve.panel.empty() ? "" : ", " + curve.panel) +
                 (told.empty() ? "" : ": " + told) + "; ";
    }
    return fmt::format(
               "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"curves\" role=\"img\" viewBox=\"0 0 {0:g} "
               "{1:g}\" "
               "width=\"{0:g}\" height=\"{1:g}\" font-family=\"sans-serif\" "
               "font-size=\"13\">\n<title>{2}</title>\n"
               "<desc>{3}</desc>\n<style>\n{4}</style>\n<rect class=\"paper\" width=\"100%\" "
               "height=\"100%\"/>\n",
               kPlotWidth, height, svg_escaped(plot_.title),
               svg_escaped(summary + "x: " + plot_.x_label + "; y: " + plot_.y_label), curve_style()) +
           svg_text(left_, 28, "start", plot_.title, "font-size=\"16\" font-weight=\"bold\"");
  }

  // Names are on that side where more curves end inside the panel, the numbers of the y axis on the other one.
  std::string one_panel(double& bottom) {
    PanelBox box{kPlotLeft, kPlotTop, kPlotWidth - kPlotLeft - kNameRoom, kPanelHeight};
    const CurvePanel at_right(plot_, y_, box);
    int more_at_left = 0;
    for (size_t i = 0; i < plot_.curves.size(); ++i) {
      const std::vector<CurvePanel::End> ends = at_right.ends(plot_.curves[i], shift(i));
      more_at_left += static_cast<int>(ends.front().inside) - static_cast<int>(ends.back().inside);
    }
    const bool at_left = more_at_left > 0;
    if (at_left) box.left = left_ = kNameRoom;
    bottom = box.bottom();
    const CurvePanel panel(plot_, y_, box);
    std::string out = panel.axes(at_left ? CurvePanel::Numbers::right : CurvePanel::Numbers::left);
    out += panel.floor_line(true);
    out += at_left ? svg_text(kPlotWidth - 16, kLabelAt, "end", plot_.y_label + " \u2191")
                   : svg_text(left_, kLabelAt, "start", "\u2191 " + plot_.y_label);
    for (size_t i = 0; i < plot_.curves.size(); ++i)
      out += panel.curve(plot_.curves[i], colour_of(i), shift(i));
    return out + names(panel, box, at_left);
  }

  // In a panel of its own a curve has the first colour.
  size_t colour_of(size_t i) const {
    return plot_.curves[i].colour.value_or(panels_.empty() ? i : 0) % curve_colours();
  }

  // What a reader who sees no picture needs of a curve: its best point, or its ends.
  std::string in_words(const Curve& curve) const {
    if (best_point(curve) != nullptr) return best_text(plot_, curve, y_);
    const std::vector<CurvePoint> points = points_in_order(plot_, curve);
    if (points.empty()) return "";
    const auto words = [&](const CurvePoint& point) {
      return y_text(plot_, point.y, y_) + " at " + x_text(plot_, point.x);
    };
    return points.size() == 1 ? words(points.front()) : words(points.front()) + " to " + words(points.back());
  }

  // Bars, and marks at the edge, of several curves would hide each other; dots say the same where they touch.
  double shift(size_t i) const {
    if (!panels_.empty() || !crowded_) return 0;
    return kShift * (static_cast<double>(i) - 0.5 * static_cast<double>(plot_.curves.size() - 1));
  }

  // Names beside the ends of their curves, as far as they would not touch; a line leads from each to its end.
  std::string names(const CurvePanel& panel, const PanelBox& box, bool at_left) const {
    struct Name {
      size_t curve;
      CurvePanel::End end;
      double y;
    };
    std::vector<Name> names;
    for (size_t i = 0; i < plot_.curves.size(); ++i) {
      const std::vector<CurvePanel::End> ends = panel.ends(plot_.curves[i], shift(i));
      const CurvePanel::End end = at_left ? ends.front() : ends.back();
      names.push_back({i, end, end.y});
    }
    std::stable_sort(names.begin(), names.end(), [](const Name& a, const Name& b) { return a.y < b.y; });
    for (size_t k = 1; k < names.size(); ++k) names[k].y = std::max(names[k].y, names[k - 1].y + kNameHeight);
    double limit = box.bottom() - 8;
    for (size_t k = names.size(); k-- > 0; limit = names[k].y - kNameHeight)
      names[k].y = std::min(names[k].y, limit);
    std::string out;
    const double away = at_left ? -1 : 1;
    const double edge = at_left ? box.left - 8 : box.right() + 22;
    for (const Name& name : names) {
      out += svg_line(
          name.end.x + 9 * away, name.end.y, edge - 5 * away, name.y,
          fmt::format("class=\"line{}\" stroke-width=\"1\" stroke-opacity=\"0.5\"", colour_of(name.curve)));
      out += name_and_best(plot_.curves[name.curve], colour_of(name.curve), edge, name.y + 4,
                           at_left ? "end" : "start");
    }
    return out;
  }

  std::string name_and_best(const Curve& curve, size_t colour, double x, double y, const char* anchor,
                            size_t longest = kLongestCurveName) const {
    return svg_text(x, y, anchor, cut_to_width(printable(curve.name), longest),
                    fmt::format("class=\"text{}\" font-weight=\"bold\"", colour)) +
           (best_point(curve) == nullptr
                ? ""
                : svg_text(x, y + 15, anchor,
                           cut_to_width(printable(best_text(plot_, curve, y_)), longest + 6),
                           "class=\"quiet\" font-size=\"11\""));
  }

  // Panels with the same axes; those of one curve each have the first curve in grey.
  std::string small_panels(double& bottom) const {
    const size_t across = panels_.size() > 12 ? 4 : panels_.size() > 4 ? 3 : 2;
    const double panel_height = across == 2 ? kMiddleHeight : kSmallHeight;
    const double pitch = (kPlotWidth - kPlotLeft + 8) / static_cast<double>(across);
    std::string out = svg_text(left_, kLabelAt, "start", "\u2191 " + plot_.y_label) + key();
    for (size_t i = 0; i < panels_.size(); ++i) {
      const auto row = static_cast<double>(i / across);
      const PanelBox box{kPlotLeft + pitch * static_cast<double>(i % across),
                         kPlotTop + 20 + row * (kHeadRoom + panel_height + kNumberRoom), pitch - 32,
                         panel_height};
      bottom = box.bottom();
      const CurvePanel panel(plot_, y_, box);
      const auto letters = static_cast<size_t>(box.width / kBoldLetter);
      out += panel.axes(i % across == 0 ? CurvePanel::Numbers::left : CurvePanel::Numbers::none) +
             panel.floor_line(false);
      if (!named_ && i > 0) out += panel.shadow(plot_.curves.front());
      for (const size_t k : panels_[i].curves) out += panel.curve(plot_.curves[k], colour_of(k), 0);
      const Curve& first = plot_.curves[panels_[i].curves.front()];
      if (named_)
        out += svg_text(box.left, box.top - 17, "start", cut_to_width(printable(panels_[i].name), letters),
                        "font-weight=\"bold\"");
      else
        out += name_and_best(first, colour_of(i), box.left,
                             box.top - (best_point(first) == nullptr ? 17 : 30), "start", letters);
    }
    return out;
  }

  // What the colours of named panels mean, beside the label of the y axis.
  std::string key() const {
    if (!named_) return "";
    std::string out;
    double x = kPlotLeft + kBoldLetter * static_cast<double>(display_width(printable(plot_.y_label)) + 5);
    std::set<std::string> told;
    for (size_t i = 0; i < plot_.curves.size(); ++i) {
      const Curve& curve = plot_.curves[i];
      if (!told.insert(curve.name).second) continue;
      out += fmt::format("<circle class=\"dot{}\" cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"4\"/>\n", colour_of(i), x,
                         kLabelAt - 4);
      if (curve.joined)
        out += svg_line(x - 11, kLabelAt - 4, x + 11, kLabelAt - 4,
                        fmt::format("class=\"line{}\" stroke-width=\"2\"", colour_of(i)));
      out += svg_text(x + 17, kLabelAt, "start", curve.name,
                      fmt::format("class=\"text{}\" font-weight=\"bold\"", colour_of(i)));
      x += 52 + kBoldLetter * static_cast<double>(display_width(printable(curve.name)));
    }
    return out;
  }

  // Of the marks that the plot has, and what it cannot show.
  std::string legend() const {
    const Unshown out = unshown(plot_, y_);
    bool best = false;
    bool intervals = false;
    for (const Curve& curve : plot_.curves) {
      best = best || best_point(curve) != nullptr;
      for (const CurvePoint& point : curve.points) intervals = intervals || point.high > point.low;
    }
    std::vector<std::string> items;
    if (best) items.push_back("\u25cb best");
    if (intervals) items.push_back(has_bands(plot_) ? "band: interval" : "bar: interval");
    if (!named_ && !panels_.empty()) items.push_back("grey: " + plot_.curves.front().name);
    if (plot_.floor && !out.floor && !panels_.empty()) items.push_back("dashed: " + plot_.floor_label);
    if (out.above > 0)
      items.push_back(fmt::format("\u25b2 above the plot: {}, up to {}",
                                  counted(static_cast<int64_t>(out.above), "value"),
                                  y_text(plot_, out.highest, y_)));
    if (out.diverged > 0) items.push_back(fmt::format("\u00d7 diverged: {}", out.diverged));
    if (out.floor)
      items.push_back(fmt::format("{} {} outside the plot", plot_.floor_label, tick_label(*plot_.floor)));
    std::string text;
    for (const std::string& item : items) text += (text.empty() ? "" : " \u00b7 ") + printable(item);
    return text;
  }

  struct Panel {
    std::string name;
    std::vector<size_t> curves;
  };

  const CurvePlot& plot_;
  AxisRange y_;                // as places
  bool named_ = false;         // the panels are, by their curves
  bool crowded_ = false;       // with bars, or marks at the edge
  std::vector<Panel> panels_;  // none: all curves share one
  double left_ = kPlotLeft;    // where text starts: the left edge of the panel
};

}  // namespace

std::string svg_plot(const CurvePlot& plot) { return CurvesSvg(plot).draw(); }

}  // namespace ate
