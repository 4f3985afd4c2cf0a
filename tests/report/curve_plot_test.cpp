#include "report/curve_plot.h"

#include <algorithm>
#include <cmath>

#include "catch.h"
#include "helpers/errors.h"
#include "helpers/text.h"

using namespace ate;
using namespace ate::testing;

namespace {

const double kMissing = std::nan("");

// Two arms whose curves cross; the last rate of the second diverges.
CurvePlot two_arms() {
  return {"Loss over the learning rate",
          "learning rate",
          "loss (nats)",
          true,
          {{"standard", {{0.001, 2.5, 2.45, 2.55}, {0.01, 2.2, 2.15, 2.25}, {0.1, 2.6, 2.55, 2.65}}, 1},
           {"bespoke",
            {{0.001, 2.3, 2.25, 2.35}, {0.01, 2.4, 2.35, 2.45}, {0.1, kMissing, kMissing, kMissing}},
            0}}};
}

CurvePlot arms(size_t n, size_t points = 7) {
  CurvePlot plot = two_arms();
  plot.curves.clear();
  for (size_t i = 0; i < n; ++i) {
    Curve curve{"arm" + std::to_string(i + 1) + "_", {}, points / 2};
    for (size_t k = 0; k < points; ++k) {
      const double from_best = static_cast<double>(k) - static_cast<double>(points / 2);
      const double y = 2 + 0.01 * static_cast<double>(i) + 0.05 * from_best * from_best;
      curve.points.push_back({std::pow(10, 0.5 * from_best - 2), y, y - 0.02, y + 0.02});
    }
    plot.curves.push_back(curve);
  }
  return plot;
}

// Whether each tag is closed in its turn and nothing else has a meaning: "" or the first problem.
std::string why_not_well_formed(const std::string& xml) {
  std::vector<std::string> open;
  for (size_t at = 0; at < xml.size(); ++at) {
    if (xml[at] == '&') {
      const std::string name = xml.substr(at, xml.find(';', at) - at + 1);
      if (name != "&amp;" && name != "&lt;" && name != "&gt;") return "entity " + name;
    }
    if (xml[at] != '<') continue;
    const size_t end = xml.find('>', at);
    if (end == std::string::npos) return "open tag at the end";
    const std::string tag = xml.substr(at + 1, end - at - 1);
    const std::string name = tag.substr(0, tag.find_first_of(" /", 1));
    if (count(tag, "\"") % 2 != 0 || contains(tag, "<")) return "tag " + tag;
    if (tag.front() == '/') {
      if (open.empty() || "/" + open.back() != tag) return "tag " + tag;
      open.pop_back();
    } else if (tag.back() != '/') {
      open.push_back(name);
    }
    at = end;
  }
  return open.empty() ? "" : "not closed: " + open.back();
}

bool is_ascii(const std::string& text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c == '\n' || (c >= ' ' && c <= '~'); });
}

}  // namespace

TEST_CASE("a terminal's curves: a block for each, a line for each point", "[report]") {
  CHECK(text_plot(two_arms(), 60) ==
        "Loss over the learning rate\n"
        "  down: learning rate, across: loss (nats)\n"
        "  standard: best 2.2000 at 0.01\n"
        "  0.001                          ---o----             2.5000\n"
        "   0.01    ----*---                                   2.2000\n"
        "    0.1                                 ---o----      2.6000\n"
        "  bespoke: best 2.3000 at 0.001\n"
        "  0.001           ----*---          .                 2.3000\n"
        "   0.01        .         ----o----                    2.4000\n"
        "    0.1                                    .        diverged\n"
        "         ------+------+------+------+------+------\n"
        "              2.2    2.3    2.4    2.5    2.6\n"
        "  o value   * best   - interval   . standard\n");
}

TEST_CASE("twelve curves keep to the width, in ASCII, none missing", "[report]") {
  for (const size_t width : {40, 80, 120}) {
    CAPTURE(width);
    CurvePlot plot = arms(12);
    plot.title = "Loss";
    plot.curves[3].name = std::string(60, 'x');
    const std::string text = text_plot(plot, width);
    CHECK(is_ascii(text));
    for (const std::string& line : lines_of(text)) {
      CHECK(line.size() <= width);
      CHECK(line.find_last_not_of(' ') + 1 == line.size());
    }
    for (size_t i = 0; i < 12; ++i)
      if (i != 3) CHECK(contains(text, plot.curves[i].name));
    CHECK(count(text, "*") == 12 + 1);  // and one in the legend
  }
  // Beside each other where there is room.
  CHECK(lines_of(text_plot(arms(12), 40)).size() > 12 * 8);
  CHECK(lines_of(text_plot(arms(12), 120)).size() < 45);
}

TEST_CASE("of many points some are shown, the first, the last and the best among them", "[report]") {
  CurvePlot plot = arms(1, 50);
  plot.log_x = false;
  for (size_t i = 0; i < 50; ++i) plot.curves[0].points[i].x = static_cast<double>(i + 1);
  plot.curves[0].best = 27;
  const std::string text = text_plot(plot, 80);
  CHECK(lines_of(text).size() <= 2 + 1 + 12 + 3);
  CHECK(contains(text, "\n   1  "));
  CHECK(contains(text, "\n  28  "));
  CHECK(contains(text, "\n  50  "));
  CHECK(contains(text, "12 of 50 points of a curve"));
  CHECK(count(svg_plot(plot), "<title>") == 1 + 50);
}

TEST_CASE("a rate has four digits, a count all of them", "[report]") {
  CurvePlot plot = two_arms();
  plot.curves = {{"a", {{0.000316228, 2, 1, 3}, {0.0316228, 2.5, 2, 3}}}};
  for (const std::string& text : {text_plot(plot, 80), svg_plot(plot)}) {
    CHECK(contains(text, "0.0003162"));
    CHECK(!contains(text, "0.00031622"));
  }
  plot.curves = {{"a", {{12345, 2, 1, 3}, {45678, 2.5, 2, 3}}}};
  for (const std::string& text : {text_plot(plot, 80), svg_plot(plot)}) CHECK(contains(text, "12345"));
}

TEST_CASE("points come in any order, at places with names too", "[report]") {
  CurvePlot plot = two_arms();
  std::reverse(plot.curves[0].points.begin(), plot.curves[0].points.end());
  CHECK(text_plot(plot, 80) == text_plot(two_arms(), 80));
  CHECK(svg_plot(plot) == svg_plot(two_arms()));

  plot = two_arms();
  plot.x_names = {"constant", "cosine"};
  plot.curves = {
      {"standard", {{0, 2, 1.9, 2.1}, {1, 3, 2.9, 3.1}, {2, 9, 9, 9}}, 0}};  // the last has no name
  for (const std::string& text : {text_plot(plot, 80), svg_plot(plot)}) {
    CHECK(contains(text, "cosine"));
    CHECK(contains(text, "at constant"));
    CHECK(!contains(text, "9.000"));
  }
}

TEST_CASE("the y axis takes in values and intervals, but no far value", "[report]") {
  CurvePlot plot = two_arms();
  CHECK(axis_range(plot).low < 2.15);
  CHECK(axis_range(plot).low > 2.0);
  CHECK(axis_range(plot).high > 2.65);
  CHECK(axis_range(plot).high < 2.8);
  CHECK(!contains(text_plot(plot, 80), ">"));
  CHECK(!contains(svg_plot(plot), "class=\"beyond\""));

  plot.curves[0].points[2] = {0.1, 1e7, -1e7, 3e7};
  CHECK(axis_range(plot).low > 2.0);
  CHECK(axis_range(plot).high < 3.5);
  const std::string text = text_plot(plot, 80);
  CHECK(contains(text, ">  "));
  CHECK(contains(text, "1e+7"));
  CHECK(contains(text, "> above the plot"));
  const std::string svg = svg_plot(plot);
  CHECK(count(svg, "class=\"beyond\"") == 1);
  CHECK(contains(svg, "above the plot: 1 value, up to 1e+7"));

  // A value far below is what one looks for.
  plot = two_arms();
  plot.curves[0].points[1] = {0.01, -50, -51, -49};
  CHECK(axis_range(plot).low < -50);
}

TEST_CASE("intervals larger than the differences stay in the plot", "[report]") {
  CurvePlot plot = two_arms();
  plot.curves = {{"a", {{0.1, 2, 1.5, 2.5}, {0.2, 2.001, 1.5, 2.5}, {0.3, 2.002, 1.5, 2.5}}}};
  CHECK(axis_range(plot).low < 1.5);
  CHECK(axis_range(plot).high > 2.5);
}

TEST_CASE("the floor is in the plot where it is near", "[report]") {
  CurvePlot plot = two_arms();
  plot.floor = 2.05;
  plot.floor_label = "entropy";
  CHECK(axis_range(plot).low < 2.05);
  CHECK(contains(text_plot(plot, 80), "| entropy"));
  CHECK(count(text_plot(plot, 80), "|") == 6 + 1);
  CHECK(count(svg_plot(plot), "class=\"floor\"") == 1);
  CHECK(contains(svg_plot(plot), ">entropy</text>"));

  plot.floor = 0.5;
  CHECK(axis_range(plot).low > 2);
  CHECK(contains(text_plot(plot, 80), "entropy 0.5 outside the plot"));
  CHECK(count(text_plot(plot, 80), "|") == 0);
  CHECK(contains(svg_plot(plot), "entropy 0.5 outside the plot"));
  CHECK(count(svg_plot(plot), "class=\"floor\"") == 0);
}

TEST_CASE("nothing, one point, equal values and no value at all can be drawn", "[report]") {
  std::vector<CurvePlot> plots(7, two_arms());
  plots[0].curves.clear();
  plots[1].curves = {{"a", {}}};
  plots[2].curves = {{"a", {{0.1, 2, kMissing, kMissing}}, 0}};
  plots[3].curves = {{"a", {{0.1, 2, 2, 2}, {0.2, 2, 2, 2}}, 7}, {"b", {{0.1, 2, 2, 2}}}};
  plots[4].curves = {{"a", {{0.1, kMissing, kMissing, kMissing}, {0.2, INFINITY, 1, INFINITY}}, 0}};
  plots[5].curves = {
      {"a", {{0, 0, 0, 0}, {1e16, 1e16, 1e16, 1e16}, {kMissing, 1, 1, 1}}, 2}};  // no logarithm of 0
  plots[6].curves = {{"a", {{1, 1e16, 1e16, 1e16}, {1, 1e16 + 2, 0, 1e17}}}};
  plots[6].floor = kMissing;
  for (const CurvePlot& plot : plots) {
    for (const std::string& text : {text_plot(plot, 80), svg_plot(plot)}) {
      CAPTURE(text);
      CHECK(!contains(text, "nan"));
      CHECK(!contains(text, "inf"));
      CHECK(text.size() < 20'000);
    }
    CHECK(why_not_well_formed(svg_plot(plot)).empty());
    CHECK(axis_range(plot).low < axis_range(plot).high);
  }
  CHECK(count(text_plot(plots[2], 80), "*") == 2);
  CHECK(count(text_plot(plots[4], 80), "diverged") == 2);
  CHECK(count(svg_plot(plots[4]), "class=\"diverged\"") == 2);
}

TEST_CASE("an SVG of few curves has one panel with names at the curves", "[report]") {
  const std::string svg = svg_plot(two_arms());
  CHECK(why_not_well_formed(svg).empty());
  CHECK(svg.rfind("<svg xmlns=\"http://www.w3.org/2000/svg\"", 0) == 0);
  CHECK(count(svg, "http") == 1);
  CHECK(!contains(svg, "href"));
  CHECK(contains(svg, "@media (prefers-color-scheme:dark)"));
  CHECK(contains(svg, "<desc>standard: best 2.2000 at 0.01; bespoke: best 2.3000 at 0.001; "));
  CHECK(contains(svg, "<title>bespoke: 2.4000 at 0.01, interval 2.3500 to 2.4500</title>"));
  CHECK(contains(svg, "<title>bespoke: diverged at 0.1</title>"));
  CHECK(contains(svg, ">standard</text>"));
  CHECK(contains(svg, ">bespoke</text>"));
  CHECK(count(svg, "interval\" stroke-width") == 5);
  CHECK(count(svg, "class=\"best ") == 2);
  CHECK(count(svg, "class=\"point ") == 3);
  CHECK(count(svg, "class=\"diverged\"") == 1);
  for (const char* tick : {">0.001</text>", ">0.01</text>", ">0.1</text>", ">2.2</text>", ">2.6</text>"})
    CHECK(contains(svg, tick));
}

TEST_CASE("an SVG of many curves has a panel for each, with the first in grey", "[report]") {
  for (const size_t n : {6, 7, 12, 16}) {
    CAPTURE(n);
    const std::string svg = svg_plot(arms(n));
    CHECK(why_not_well_formed(svg).empty());
    CHECK(count(svg, "class=\"shadow\"") == (n > 6 ? n - 1 : 0));
    CHECK(contains(svg, "grey: arm1_") == (n > 6));
    for (size_t i = 1; i <= n; ++i) CHECK(count(svg, ">arm" + std::to_string(i) + "_</text>") == 1);
    CHECK(count(svg, "class=\"best ") == n);
  }
}

TEST_CASE("many points have a band instead of bars and dots", "[report]") {
  const std::string svg = svg_plot(arms(2, 13));
  CHECK(count(svg, "<polygon class=\"dot0 interval\"") == 1);
  CHECK(count(svg, "class=\"point ") == 0);
  CHECK(count(svg, "interval\" stroke-width") == 0);
  CHECK(contains(svg, "band: interval"));
  CHECK(contains(svg_plot(arms(2, 12)), "bar: interval"));
}

TEST_CASE("lengths that count by 1024 are labelled whole", "[report]") {
  CurvePlot plot;
  plot.binary_x = true;
  plot.curves = {{"a", {}}};
  for (double x = 1024; x <= 131072; x *= 2) plot.curves[0].points.push_back({x, x, kMissing, kMissing});
  for (const char* label : {">1k</text>", ">2k</text>", ">64k</text>", ">128k</text>"})
    CHECK(contains(svg_plot(plot), label));
  CHECK(contains(svg_plot(plot), "at 128k</title>"));
  CHECK(contains(svg_plot(plot), "<desc>a: 1024 at 1k to 131072 at 128k; "));
  for (double x = 64; x <= 4194304; x *= 1.5) plot.curves[0].points.push_back({x, 1, kMissing, kMissing});
  CHECK(contains(svg_plot(plot), ">1M</text>"));  // too many points: some powers of 2
}

TEST_CASE("a logarithmic y axis gives each factor the same room", "[report]") {
  CurvePlot plot;
  plot.log_y = true;
  plot.floor = 1;
  plot.floor_label = "equal";
  plot.curves = {
      {"a", {{1, 0.1, kMissing, kMissing}, {10, 1, kMissing, kMissing}, {100, 10, kMissing, kMissing}}}};
  const std::string svg = svg_plot(plot);
  CHECK(why_not_well_formed(svg).empty());
  std::vector<double> heights;
  for (size_t at = svg.find("class=\"point "); at != std::string::npos;
       at = svg.find("class=\"point ", at + 1))
    heights.push_back(std::stod(svg.substr(svg.find("cy=\"", at) + 4)));
  REQUIRE(heights.size() == 3);
  CHECK(std::abs((heights[0] - heights[1]) - (heights[1] - heights[2])) < 0.2);
  CHECK(count(svg, "class=\"floor\"") == 1);
  for (const char* tick : {">0.1</text>", ">1</text>", ">10</text>"}) CHECK(contains(svg, tick));
  CHECK(lines_of(text_plot(plot, 60)).size() > 4);
  plot.curves[0].points[0].y = 0;  // no logarithm
  CHECK(!contains(svg_plot(plot), "nan"));
  CHECK(!contains(svg_plot(plot), "inf"));
}

TEST_CASE("curves that name panels share them, under a key of their colours", "[report]") {
  CurvePlot plot = arms(4);
  for (size_t i = 0; i < 4; ++i) {
    plot.curves[i].name = i % 2 == 0 ? "FLOPs" : "time";
    plot.curves[i].panel = i < 2 ? "window" : "oracle";
    plot.curves[i].colour = i % 2;
    plot.curves[i].joined = i % 2 == 0;
    plot.curves[i].best.reset();
  }
  const std::string svg = svg_plot(plot);
  CHECK(why_not_well_formed(svg).empty());
  for (const char* text : {">FLOPs</text>", ">time</text>", ">window</text>", ">oracle</text>"})
    CHECK(count(svg, text) == 1);
  CHECK(count(svg, "class=\"shadow\"") == 0);
  CHECK(count(svg, "stroke-linejoin") == 2);  // the lines of the two that are joined
  CHECK(count(svg, "class=\"point dot1\"") == 14);
}

TEST_CASE("words of users mark nothing up in an SVG", "[report]") {
  CurvePlot plot = two_arms();
  const std::string words = "a<b & \"c\"\x1b</text>";
  plot.title = plot.x_label = plot.y_label = plot.floor_label = words;
  plot.curves[0].name = words;
  plot.x_names = {words, words};
  plot.floor = 2.2;
  for (Curve& curve : plot.curves)
    for (size_t i = 0; i < curve.points.size(); ++i) curve.points[i].x = static_cast<double>(i);
  const std::string svg = svg_plot(plot);
  CHECK(why_not_well_formed(svg).empty());
  CHECK(contains(svg, "a&lt;b &amp; "));
  CHECK(svg.find('\x1b') == std::string::npos);
}
