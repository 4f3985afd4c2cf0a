#include "report/interval_plot.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "report/axis.h"
#include "support/text.h"

namespace ate {
namespace {

constexpr size_t kLongestLabel = 24;
constexpr size_t kLongestRemark = 32;
constexpr size_t kNarrowest = 20;  // columns of the axis, however narrow the terminal

std::string value_and_remark(const IntervalRow& row) {
  return (std::isfinite(row.value) ? fmt::format("{:+.4f} ", row.value) : "") + row.remark;
}

// How far a row reaches from 0; NaN without a value.
double reach(const IntervalRow& row) {
  return std::isfinite(row.low) ? std::max(std::abs(row.low), std::abs(row.high)) : std::abs(row.value);
}

std::string background(const IntervalPlot& plot, const TextAxis& axis) {
  std::string line(axis.columns(), ' ');
  if (plot.margin > 0) {
    axis.put(line, -plot.margin, ':');
    axis.put(line, plot.margin, ':');
  }
  axis.put(line, 0, '|');
  return line;
}

std::string row_line(const IntervalPlot& plot, const IntervalRow& row, const TextAxis& axis) {
  std::string line = background(plot, axis);
  axis.put_interval(line, row.low, row.high, '|');
  axis.put(line, row.value, 'o');
  if (axis.beyond_left(row.low) || axis.beyond_left(row.value)) line.front() = '<';
  if (axis.beyond_right(row.high) || axis.beyond_right(row.value)) line.back() = '>';
  return line;
}

// Numbers under the ends and under 0, as far as they do not touch.
std::string axis_labels(const AxisRange& range, const TextAxis& axis) {
  const std::string low = fmt::format("{:.2g}", range.low);
  const std::string high = fmt::format("{:+.2g}", range.high);
  std::string line(axis.columns(), ' ');
  line.replace(0, low.size(), low);
  line.replace(line.size() - high.size(), high.size(), high);
  const long zero = axis.column(0);
  if (zero > static_cast<long>(low.size()) && zero < static_cast<long>(line.size() - high.size()) - 1)
    line[static_cast<size_t>(zero)] = '0';
  return line;
}

std::string meaning(const IntervalPlot& plot, const TextAxis& axis) {
  const std::string left = plot.left + " <-";
  const std::string right = "-> " + plot.right;
  const auto zero = static_cast<size_t>(std::max(0L, axis.column(0)));
  std::string line(axis.columns(), ' ');
  if (left.size() + 1 <= zero) line.replace(zero - left.size() - 1, left.size(), left);
  if (zero + 2 + right.size() <= line.size()) line.replace(zero + 2, right.size(), right);
  return line;
}

}  // namespace

AxisRange axis_range(const IntervalPlot& plot) {
  std::vector<double> reaches;
  for (const IntervalRow& row : plot.rows)
    if (std::isfinite(reach(row))) reaches.push_back(reach(row));
  std::sort(reaches.begin(), reaches.end());
  const double margin = std::isfinite(plot.margin) ? plot.margin : 0;
  const double middle = reaches.empty() ? 0 : reaches[(reaches.size() - 1) / 2];
  const double most = 4 * std::max(middle, margin);
  if (most == 0) return {};
  AxisRange range{-margin, margin};
  for (const IntervalRow& row : plot.rows) {
    for (const double x : {row.value, row.low, row.high}) {
      if (!std::isfinite(x)) continue;
      range.low = std::max(std::min(range.low, x), -most);
      range.high = std::min(std::max(range.high, x), most);
    }
  }
  const double space = 0.06 * (range.high - range.low);
  return {range.low - space, range.high + space};
}

std::string text_plot(const IntervalPlot& plot, size_t width) {
  size_t label = 0;
  size_t remark = 0;
  for (const IntervalRow& row : plot.rows) {
    label = std::max(label, std::min(display_width(printable(row.label)), kLongestLabel));
    remark = std::max(remark, std::min(display_width(printable(value_and_remark(row))), kLongestRemark));
  }
  const size_t around = 2 + label + 2 + 2 + remark;
  const AxisRange range = axis_range(plot);
  const TextAxis axis(range, std::max(kNarrowest, width > around ? width - around : 0));
  std::string out = printable(plot.title) + "\n";
  const auto add = [&](const std::string& name, const std::string& line, const std::string& end) {
    std::string text = fmt::format("  {:<{}}  {}  {}", cut_to_width(printable(name), kLongestLabel), label,
                                   line, cut_to_width(printable(end), kLongestRemark));
    text.erase(text.find_last_not_of(' ') + 1);
    out += text + "\n";
  };
  add("", meaning(plot, axis), "");
  for (const IntervalRow& row : plot.rows) add(row.label, row_line(plot, row, axis), value_and_remark(row));
  add("", axis_labels(range, axis), "");
  return out;
}

}  // namespace ate
