#include "report/interval_plot.h"

#include <algorithm>
#include <cmath>

#include "catch.h"
#include "helpers/errors.h"
#include "helpers/text.h"

using namespace ate;
using namespace ate::testing;

namespace {

const double kNone = std::nan("");

IntervalPlot example() {
  return {"Difference, nats",
          "better",
          "worse",
          0.02,
          {{"bespoke", 0.01, -0.01, 0.03, "undecided"}, {"tied", -0.02, -0.025, -0.015, "better"}}};
}

std::string line_of(const IntervalPlot& plot, const std::string& label, size_t width = 100) {
  for (const std::string& line : lines_of(text_plot(plot, width)))
    if (line.rfind("  " + label + " ", 0) == 0) return line;
  return "";
}

// Column of a row's dot, from the position of 0 and the two lines of the margin in the same picture.
double value_at(const IntervalPlot& plot, const std::string& label) {
  IntervalPlot empty = plot;
  for (IntervalRow& row : empty.rows) row = {row.label, kNone, kNone, kNone, row.remark};
  empty.rows.push_back(plot.rows[0]);  // keeps the range
  const AxisRange range = axis_range(plot);
  const std::string line = line_of(plot, label);
  const std::string axis = lines_of(text_plot(plot, 100)).back();
  const size_t first = axis.find_first_not_of(' ');
  const size_t last = axis.size() - 1;
  const double share = static_cast<double>(line.find('o', first) - first) / static_cast<double>(last - first);
  return range.low + share * (range.high - range.low);
}

}  // namespace

TEST_CASE("a terminal's plot has a line per row, with its dot, interval, 0, margin and remark", "[report]") {
  const std::string text = text_plot(example(), 100);
  const std::vector<std::string> lines = lines_of(text);
  REQUIRE(lines.size() == 5);
  CHECK(lines[0] == "Difference, nats");
  CHECK(contains(lines[1], "better <-   -> worse"));
  const std::string bespoke = line_of(example(), "bespoke");
  CHECK(contains(bespoke, "+0.0100 undecided"));
  CHECK(std::count(bespoke.begin(), bespoke.end(), 'o') == 1 + 1);  // and one in the name
  CHECK(contains(bespoke, "--o--"));
  CHECK(contains(bespoke, "-|-"));  // the interval crosses 0
  const std::string tied = line_of(example(), "tied");
  CHECK(count(tied, ":") == 1);  // the interval covers the left line of the margin
  CHECK(!contains(tied, "-|"));
  CHECK(tied.find('o') < tied.find('|'));
  CHECK(contains(tied, "-0.0200 better"));
}

TEST_CASE("dots stand where their values are", "[report]") {
  const double column = (axis_range(example()).high - axis_range(example()).low) / 60;
  CHECK(std::abs(value_at(example(), "tied") + 0.02) < column);
}

TEST_CASE("a terminal's plot keeps to its width and to ASCII", "[report]") {
  IntervalPlot plot = example();
  plot.rows[0].label = std::string(60, 'x');
  plot.rows[0].remark = std::string(60, 'y');
  for (const size_t width : {85, 100}) {
    const std::string text = text_plot(plot, width);
    for (const std::string& line : lines_of(text)) CHECK(line.size() <= width);
    CHECK(std::all_of(text.begin(), text.end(), [](char c) { return c == '\n' || (c >= ' ' && c <= '~'); }));
    for (const std::string& line : lines_of(text)) CHECK(line.find_last_not_of(' ') + 1 == line.size());
  }
}

TEST_CASE("a row without an interval is a dot, one without a value is empty", "[report]") {
  IntervalPlot plot = example();
  plot.rows[0] = {"bespoke", 0.01, kNone, kNone, ""};
  plot.rows[1] = {"tied", kNone, kNone, kNone, "no verdict"};
  const std::string dot = line_of(plot, "bespoke").substr(10);
  CHECK(count(dot, "o") == 1);
  CHECK(count(dot, "-") == 0);
  const std::string none = line_of(plot, "tied");
  CHECK(count(none.substr(0, none.find("no verdict")), "o") == 0);
  CHECK(contains(none, "no verdict"));
  CHECK(none.find(':') < none.find('|'));
  CHECK(none.rfind(':') > none.find('|'));
  for (const std::string& text : {text_plot(plot, 100), svg_plot(plot)}) CHECK(!contains(text, "nan"));
}

TEST_CASE("the axis takes in everything, 0 and the margin", "[report]") {
  const AxisRange range = axis_range(example());
  CHECK(range.low < -0.025);
  CHECK(range.high > 0.03);
  CHECK(range.high < 0.04);
  IntervalPlot wide = example();
  wide.margin = 0.1;
  CHECK(axis_range(wide).low < -0.1);
  CHECK(axis_range(wide).high > 0.1);
  IntervalPlot far = example();
  far.margin = 0;
  far.rows = {{"a", 5, 4.9, 5.1, ""}};
  CHECK(axis_range(far).low < 0.0);
  CHECK(axis_range(far).high > 5.1);
}

TEST_CASE("one far row is cut off with an arrow and does not press the others flat", "[report]") {
  IntervalPlot plot = example();
  plot.rows.push_back({"known_worse", 1.5, 1.2, 1.8, "worse"});
  plot.rows.push_back({"reversed", -0.4, -1.8, 1, ""});
  plot.rows.push_back({"aa", 0.001, -0.004, 0.006, ""});
  CHECK(axis_range(plot).high < 0.2);
  CHECK(axis_range(plot).low > -0.2);
  const std::string worse = line_of(plot, "known_worse");
  CHECK(contains(worse, ">  +1.5000 worse"));
  CHECK(count(worse.substr(13), "o") == 1);  // no dot but that of the word
  const std::string reversed = line_of(plot, "reversed");
  CHECK(contains(reversed, "<-"));
  CHECK(contains(reversed, "->"));
  CHECK(count(svg_plot(plot), "class=\"beyond ") == 3);
  CHECK(count(svg_plot(example()), "class=\"beyond ") == 0);
}

TEST_CASE("nothing to draw is drawn as nothing", "[report]") {
  IntervalPlot plot = {"title", "better", "worse", 0, {}};
  CHECK(lines_of(text_plot(plot, 100)).size() == 3);
  CHECK(contains(svg_plot(plot), "</svg>"));
  plot.rows = {{"same", 0, 0, 0, ""}};
  plot.margin = kNone;
  for (const std::string& text : {text_plot(plot, 100), svg_plot(plot)}) CHECK(!contains(text, "nan"));
}

TEST_CASE("an SVG has a band, a dot and an interval for each row, and refers to nothing outside",
          "[report]") {
  IntervalPlot plot = example();
  plot.rows[0].label = "a<b & c";
  const std::string svg = svg_plot(plot);
  CHECK(svg.rfind("<svg xmlns=\"http://www.w3.org/2000/svg\"", 0) == 0);
  CHECK(count(svg, "<circle") == 2);
  CHECK(count(svg, "class=\"interval ") == 2);
  CHECK(count(svg, "class=\"margin\"") == 1);
  CHECK(contains(svg, "a&lt;b &amp; c"));
  CHECK(!contains(svg, "a<b"));
  CHECK(contains(svg, ">undecided</text>"));
  CHECK(contains(svg, ">+0.0100 [-0.0100, +0.0300]</text>"));
  CHECK(contains(svg, "<title>tied: -0.0200 [-0.0250, -0.0150] better</title>"));
  CHECK(svg.find(">tied</text>") < svg.find(">a&lt;b"));  // by value
  CHECK(contains(svg, ">0</text>"));
  CHECK(count(svg, "http") == 1);
  CHECK(!contains(svg, "href"));
  CHECK(contains(svg, "class=\"dot0\""));
  plot.rows[0].colour = 2;
  CHECK(contains(svg_plot(plot), "class=\"dot2\""));
  plot.margin = 0;
  CHECK(!contains(svg_plot(plot), "class=\"margin\""));
}
