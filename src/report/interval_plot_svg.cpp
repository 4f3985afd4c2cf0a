#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/axis.h"
#include "report/interval_plot.h"
#include "report/palette.h"
#include "report/svg.h"

namespace ate {
namespace {

// In pixels.
constexpr double kWidth = 960;
constexpr double kLeft = 170;   // labels
constexpr double kRight = 370;  // numbers and remarks
constexpr double kNumbersRoom = 205;
constexpr double kTop = 70;     // title and meaning
constexpr double kBottom = 50;  // axis
constexpr double kRow = 28;

std::vector<IntervalRow> by_value(std::vector<IntervalRow> rows) {
  const auto place = [](const IntervalRow& row) { return std::isfinite(row.value) ? row.value : INFINITY; };
  std::stable_sort(rows.begin(), rows.end(),
                   [&](const IntervalRow& a, const IntervalRow& b) { return place(a) < place(b); });
  return rows;
}

// "+0.0161 [+0.0130, +0.0192]"
std::string numbers_of(const IntervalRow& row) {
  std::string text;
  if (std::isfinite(row.value)) text += fmt::format("{:+.4f}", row.value);
  if (std::isfinite(row.low) && std::isfinite(row.high))
    text += fmt::format(" [{:+.4f}, {:+.4f}]", row.low, row.high);
  return text;
}

// Of a class of curve_style, so that all pictures share their colours and follow the reader's choice of light or dark.
std::string stroke(const std::string& kind, double width) {
  return fmt::format("class=\"{}\" stroke-width=\"{:g}\"", kind, width);
}

class SvgPlot {
 public:
  explicit SvgPlot(const IntervalPlot& plot)
      : plot_(plot),
        rows_(by_value(plot.rows)),
        range_(axis_range(plot)),
        bottom_(kTop + kRow * static_cast<double>(std::max<size_t>(1, plot.rows.size()))) {}

  std::string draw() const {
    const double height = bottom_ + kBottom;
    std::string out = fmt::format(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"curves\" role=\"img\" viewBox=\"0 0 {0:g} {1:g}\" "
        "width=\"{0:g}\" height=\"{1:g}\" font-family=\"sans-serif\" font-size=\"13\">\n<title>{2}</title>\n"
        "<desc>{3}</desc>\n<style>\n{4}</style>\n"
        "<rect class=\"paper\" width=\"100%\" height=\"100%\"/>\n",
        kWidth, height, svg_escaped(plot_.title), svg_escaped(summary()), curve_style());
    out += svg_text(kWidth / 2, 24, "middle", plot_.title, "font-size=\"15\" font-weight=\"bold\"");
    out += margin_band() + ticks();
    out += svg_line(x_of(0), kTop, x_of(0), bottom_, stroke("axis", 1.5));
    out += svg_text(x_of(0) - 8, kTop - 10, "end", plot_.left + " \u2190");
    out += svg_text(x_of(0) + 8, kTop - 10, "start", "\u2192 " + plot_.right);
    for (size_t i = 0; i < rows_.size(); ++i)
      out += row(rows_[i], kTop + kRow * (static_cast<double>(i) + 0.5));
    return out + "</svg>\n";
  }

 private:
  std::string summary() const {
    std::string text;
    for (const IntervalRow& row : rows_)
      text += fmt::format("{}: {} {}; ", row.label, numbers_of(row), row.remark);
    return text + plot_.left + " to the left, " + plot_.right + " to the right";
  }

  // Pixel of a value, kept inside the axis.
  double x_of(double value) const {
    const double share = (value - range_.low) / (range_.high - range_.low);
    return kLeft + std::clamp(share, 0.0, 1.0) * (kWidth - kLeft - kRight);
  }
  bool beyond(double value) const { return value < range_.low || value > range_.high; }

  std::string margin_band() const {
    if (!(plot_.margin > 0)) return "";
    const double left = x_of(-plot_.margin);
    return fmt::format("<rect class=\"margin\" x=\"{:.1f}\" y=\"{:g}\" width=\"{:.1f}\" height=\"{:g}\"/>\n",
                       left, kTop, x_of(plot_.margin) - left, bottom_ - kTop);
  }

  std::string ticks() const {
    std::string out = svg_line(kLeft, bottom_, kWidth - kRight, bottom_, stroke("axis", 1));
    for (const double x : linear_ticks(range_)) {
      out += svg_line(x_of(x), bottom_, x_of(x), bottom_ + 5, stroke("axis", 1));
      out += svg_text(x_of(x), bottom_ + 20, "middle", tick_label(x));
    }
    return out;
  }

  std::string row(const IntervalRow& r, double y) const {
    const std::string line = fmt::format("line{}", r.colour % curve_colours());
    std::string out = fmt::format("<g><title>{}</title>\n",
                                  svg_escaped(fmt::format("{}: {} {}", r.label, numbers_of(r), r.remark)));
    out += svg_text(kLeft - 12, y + 4, "end", r.label);
    out += svg_text(kWidth - kRight + 12, y + 4, "start", numbers_of(r), "class=\"quiet\"");
    out += svg_text(kWidth - kRight + 12 + kNumbersRoom, y + 4, "start", r.remark);
    if (std::isfinite(r.low) && std::isfinite(r.high)) {
      out += svg_line(x_of(r.low), y, x_of(r.high), y, stroke("interval " + line, 2));
      for (const double end : {r.low, r.high})
        if (!beyond(end)) out += svg_line(x_of(end), y - 5, x_of(end), y + 5, stroke(line, 2));
    }
    if (std::isfinite(r.value) && !beyond(r.value))
      out += fmt::format("<circle class=\"dot{}\" cx=\"{:.1f}\" cy=\"{:g}\" r=\"4.5\"/>\n",
                         r.colour % curve_colours(), x_of(r.value), y);
    if (r.low < range_.low || r.value < range_.low) out += arrow(r, x_of(range_.low), 9, y);
    if (r.high > range_.high || r.value > range_.high) out += arrow(r, x_of(range_.high), -9, y);
    return out + "</g>\n";
  }

  // At an edge of the axis: the row goes on there.
  static std::string arrow(const IntervalRow& r, double tip, double length, double y) {
    const double back = tip + length;
    return fmt::format("<path class=\"beyond dot{5}\" d=\"M{0:.1f} {1:g}L{2:.1f} {3:g}L{2:.1f} {4:g}Z\"/>\n",
                       tip, y, back, y - 6, y + 6, r.colour % curve_colours());
  }

  const IntervalPlot& plot_;
  std::vector<IntervalRow> rows_;
  AxisRange range_;
  double bottom_;
};

}  // namespace

std::string svg_plot(const IntervalPlot& plot) { return SvgPlot(plot).draw(); }

}  // namespace ate
