#include "catch.h"
#include "helpers/text.h"
#include "report/table.h"

using namespace ate;
using namespace ate::testing;

namespace {

using Json = nlohmann::ordered_json;

Report small_report() {
  Report report;
  report.title = "Title";
  report.facts = {"a fact", "another"};
  report.tables = {{"arms",
                    "The arms",
                    {{"arm", "arm"}, {"parameters", "parameters"}, {"mean_loss", "loss (nats)", 2}},
                    {{"standard", 25'800, 2.9483}, {"b|e,s", 63'944, nullptr}}},
                   {"canaries", "", {{"name", "name"}, {"passed", "passed"}}, {{"floor", true}}}};
  report.notes = {"First note.", "Second note."};
  report.document = {{"run_id", "x"}, {"floor_nats", nullptr}};
  return report;
}

}  // namespace

TEST_CASE("a report as text: title, facts, aligned tables, notes", "[report]") {
  CHECK(render(small_report(), Format::table) ==
        "Title\n"
        "  a fact\n"
        "  another\n"
        "\n"
        "The arms\n"
        "  arm       parameters  loss (nats)\n"
        "  --------  ----------  -----------\n"
        "  standard      25,800         2.95\n"
        "  b|e,s         63,944            -\n"
        "\n"
        "  name   passed\n"
        "  -----  ------\n"
        "  floor  yes\n"
        "\n"
        "- First note.\n"
        "- Second note.\n");
}

TEST_CASE("a report as Markdown: headings, lists, tables with numbers to the right", "[report]") {
  CHECK(render(small_report(), Format::md) ==
        "## Title\n"
        "\n"
        "- a fact\n"
        "- another\n"
        "\n"
        "### The arms\n"
        "\n"
        "| arm | parameters | loss (nats) |\n"
        "|---|---:|---:|\n"
        "| standard | 25,800 | 2.95 |\n"
        "| b\\|e,s | 63,944 | - |\n"
        "\n"
        "| name | passed |\n"
        "|---|---|\n"
        "| floor | yes |\n"
        "\n"
        "- First note.\n"
        "- Second note.\n");
}

TEST_CASE("a report as CSV: the main table alone, by machine names, in full precision", "[report]") {
  CHECK(render(small_report(), Format::csv) ==
        "arm,parameters,mean_loss\r\n"
        "standard,25800,2.9483\r\n"
        "\"b|e,s\",63944,\r\n");
}

TEST_CASE("a report as JSON: the document and nothing else", "[report]") {
  const std::string text = render(small_report(), Format::json);
  CHECK(Json::parse(text) == small_report().document);
  CHECK(text == "{\n  \"run_id\": \"x\",\n  \"floor_nats\": null\n}\n");
}

TEST_CASE("a report as JSON lines: each row of each table, with the table's name", "[report]") {
  const std::vector<std::string> lines = lines_of(render(small_report(), Format::jsonl));
  REQUIRE(lines.size() == 3);
  CHECK(Json::parse(lines[0]) ==
        Json{{"table", "arms"}, {"arm", "standard"}, {"parameters", 25'800}, {"mean_loss", 2.9483}});
  CHECK(Json::parse(lines[1])["mean_loss"].is_null());
  CHECK(Json::parse(lines[2]) == Json{{"table", "canaries"}, {"name", "floor"}, {"passed", true}});
}

TEST_CASE("an empty report is a title in every format", "[report]") {
  Report report;
  report.title = "Nothing";
  report.document = Json::object();
  CHECK(render(report, Format::table) == "Nothing\n");
  CHECK(render(report, Format::md) == "## Nothing\n\n");
  CHECK(render(report, Format::csv).empty());
  CHECK(render(report, Format::jsonl).empty());
  CHECK(render(report, Format::json) == "{}\n");
}

TEST_CASE("a table without rows keeps its headings", "[report]") {
  Report report;
  report.tables = {{"arms", "", {{"arm", "arm"}, {"n", "n"}}, {}}};
  CHECK(render(report, Format::csv) == "arm,n\r\n");
  CHECK(lines_of(render(report, Format::table))[2] == "  arm  n");
}

TEST_CASE("columns are aligned by characters, not by bytes", "[report]") {
  Report report;
  report.tables = {{"t", "", {{"a", "a"}, {"b", "b"}}, {{"caf\xC3\xA9", "x"}, {"cafes", "x"}}}};
  const std::vector<std::string> lines = lines_of(render(report, Format::table));
  REQUIRE(lines.size() == 6);
  CHECK(lines[4] == "  caf\xC3\xA9   x");
  CHECK(lines[5] == "  cafes  x");
}

TEST_CASE("a long note is broken between words, its later lines indented", "[report]") {
  Report report;
  std::string note;
  for (int i = 0; i < 60; ++i) note += (i > 0 ? " word" : "word") + std::to_string(i);
  report.notes = {note};
  std::string joined;
  std::vector<std::string> lines = lines_of(render(report, Format::table));
  lines.erase(lines.begin(), lines.begin() + 2);  // title and the empty line
  REQUIRE(lines.size() > 3);
  for (size_t i = 0; i < lines.size(); ++i) {
    CAPTURE(lines[i]);
    CHECK(lines[i].size() <= 100);
    CHECK(lines[i].substr(0, 2) == (i == 0 ? "- " : "  "));
    CHECK(lines[i].back() != ' ');
    if (i + 1 < lines.size()) CHECK(lines[i].size() > 90);
    joined += (i > 0 ? " " : "") + lines[i].substr(2);
  }
  CHECK(joined == note);
}

TEST_CASE("a word longer than a line stays whole", "[report]") {
  Report report;
  report.notes = {"see " + std::string(150, 'x') + " there"};
  CHECK(render(report, Format::table).find(std::string(150, 'x')) != std::string::npos);
}

namespace {

// Names as users and attackers choose them.
Report hostile_report() {
  const std::string name = "a\x1b[31m|<b>`*[x](y)\n\\";
  Report report;
  report.title = name;
  report.facts = {name};
  report.tables = {{"t", name, {{"name", name}}, {{name}}}};
  report.notes = {name};
  report.plot = IntervalPlot{name, "less", "more", 0, {{name, 1, 0.5, 1.5, name}}};
  report.curves = {
      {name, name, name, false, {{name, {{0, 1, 0.5, 1.5}}, 0}, {name, {{0, 2, 1, 3}}}}, {name}, 0.9, name}};
  report.document = {{"name", name}};
  return report;
}

size_t bars(const std::string& line) {
  size_t found = 0;
  for (size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '\\')
      ++i;
    else if (line[i] == '|')
      ++found;
  }
  return found;
}

}  // namespace

TEST_CASE("no format passes on what a terminal obeys", "[report]") {
  for (const Format format : {Format::table, Format::md, Format::csv, Format::json, Format::jsonl}) {
    const std::string text = render(hostile_report(), format);
    CHECK(text.find('\x1b') == std::string::npos);
    CHECK(text.find("31m") != std::string::npos);
  }
  for (const std::string& svg : {svg_plot(*hostile_report().plot), svg_plot(hostile_report().curves[0])}) {
    CHECK(svg.find('\x1b') == std::string::npos);
    CHECK(svg.find("<b>") == std::string::npos);
  }
}

TEST_CASE("a name ends no cell of a Markdown table, and marks nothing up", "[report]") {
  for (const std::string& line : lines_of(render(hostile_report(), Format::md))) {
    CAPTURE(line);
    if (line.front() == '|') CHECK(bars(line) == 2);
    for (const char mark : {'<', '`', '*', '['})
      for (size_t at = line.find(mark); at != std::string::npos; at = line.find(mark, at + 1))
        CHECK(line[at - 1] == '\\');
  }
}

TEST_CASE("names of any bytes leave JSON valid", "[report]") {
  Report report;
  report.document = {{"a", "\xff"},
                     {"b",
                      "\x01"
                      "42"},
                     {"c", "\x01"},
                     {"d",
                      "\x01"
                      "file"}};
  const Json read = Json::parse(render(report, Format::json));
  CHECK(read["b"] ==
        "\x01"
        "42");
  CHECK(read["c"] == "\x01");
  CHECK(read["d"] ==
        "\x01"
        "file");
}

namespace {

Report wide_report() {
  Report report;
  report.title = "A title of some words that go on for a while, for longer than forty columns";
  report.tables = {
      {"t",
       "",
       {{"arm", "arm"}, {"first", "the first number"}, {"second", "the second number"}, {"detail", "detail"}},
       {{"standard", 1, 2, "words that go on and on for longer than forty columns"},
        {"bespoke", 3, 4, "less"}}}};
  return report;
}

}  // namespace

TEST_CASE("a table wider than the terminal is cut into parts, each with its rows' names", "[report]") {
  const std::vector<std::string> lines = lines_of(render(wide_report(), Format::table, 40));
  int names = 0;
  std::string all;
  for (const std::string& line : lines) {
    CAPTURE(line);
    CHECK(line.size() <= 40);
    names += line.rfind("  bespoke", 0) == 0 ? 1 : 0;
    all += line + " ";
  }
  CHECK(names == 3);
  for (const char* word : {"the first number", "the second number", "detail", "less", "columns"})
    CHECK(all.find(word) != std::string::npos);
}

TEST_CASE("without a limit, and within it, a table is one", "[report]") {
  const std::string whole = render(wide_report(), Format::table);
  CHECK(render(wide_report(), Format::table, 200) == whole);
  CHECK(lines_of(whole)[2].find("the second number  detail") != std::string::npos);
}

TEST_CASE("leading columns that say what a row is of are repeated together", "[report]") {
  Report report = wide_report();
  report.tables[0].keys = 2;
  for (const std::string& line : lines_of(render(report, Format::table, 60)))
    if (line.find("bespoke") != std::string::npos) CHECK(line.find("3") != std::string::npos);
}

TEST_CASE("what is for programs is in csv and jsonl alone", "[report]") {
  Report report = small_report();
  report.tables[0].columns[1].machine = true;
  report.tables[1].machine = true;
  for (const Format format : {Format::table, Format::md}) {
    CHECK(render(report, format).find("25,800") == std::string::npos);
    CHECK(render(report, format).find("floor") == std::string::npos);
  }
  CHECK(render(report, Format::csv).find("standard,25800,") != std::string::npos);
  CHECK(Json::parse(lines_of(render(report, Format::jsonl))[2])["name"] == "floor");
}

TEST_CASE("curves come under the first table, after the plot of intervals, within the width", "[report]") {
  Report report = small_report();
  report.plot = IntervalPlot{"Intervals", "less", "more", 0, {{"a", 1, 0.5, 1.5, ""}}};
  report.curves = {{"Curves", "x", "y", true, {{"a", {{1, 2, 1, 3}, {10, 3, 2, 4}}}}},
                   {"More curves", "x", "y", true, {{"a", {{1, 2, 1, 3}}}}}};
  for (const size_t width : {0, 60}) {
    const std::string text = render(report, Format::table, width);
    const size_t limit = width == 0 ? 100 : width;
    for (const std::string& line : lines_of(text)) CHECK(line.size() <= limit);
    size_t at = 0;
    for (const char* title : {"The arms\n", "\nIntervals\n", "\nCurves\n", "\nMore curves\n",
                              "\n  name   passed\n", "First note"}) {
      CAPTURE(title);
      const size_t found = text.find(title, at);
      REQUIRE(found != std::string::npos);
      at = found;
    }
  }
}
