#include <algorithm>

#include "report/cells.h"
#include "report/exact_integer.h"
#include "report/table.h"
#include "report/text_table.h"
#include "support/terminal.h"
#include "support/text.h"

namespace ate {
namespace {

using Json = nlohmann::ordered_json;

// A line of its own; broken where there is a limit.
std::string line_of(const std::string& text, size_t width, const std::string& before,
                    const std::string& rest) {
  return width == 0 ? before + printable(text) + "\n" : wrapped(printable(text), width, before, rest);
}

std::string render_text(const Report& report, size_t width) {
  const size_t prose = width == 0 ? kWidestText : std::min(width, kWidestText);
  std::string out = line_of(report.title, width, "", "");
  for (const std::string& fact : report.facts) out += line_of(fact, width, "  ", "    ");
  bool first = true;
  for (const Table& table : report.tables) {
    if (table.machine) continue;
    out += "\n" + (table.title.empty() ? "" : line_of(table.title, width, "", "")) +
           text_table(shown(table), width);
    if (first && report.plot) out += "\n" + text_plot(*report.plot, prose);
    if (first)
      for (const CurvePlot& plot : report.curves) out += "\n" + text_plot(plot, prose);
    first = false;
  }
  if (!report.notes.empty()) out += "\n";
  for (const std::string& note : report.notes) out += wrapped(printable(note), prose, "- ", "  ");
  return out;
}

// So that no reader takes a part of it for a mark: a cell's end, a tag, emphasis, a link.
std::string escaped_markdown(const std::string& text) {
  std::string out;
  for (const char c : printable(text)) {
    if (std::string_view("\\|<`*[").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

std::string render_markdown(const Report& report) {
  std::string out = "## " + escaped_markdown(report.title) + "\n\n";
  for (const std::string& fact : report.facts) out += "- " + escaped_markdown(fact) + "\n";
  const auto row_of = [](const std::vector<std::string>& cells) {
    std::string row = "|";
    for (const std::string& cell : cells) row += " " + escaped_markdown(cell) + " |";
    return row + "\n";
  };
  for (const Table& table : report.tables) {
    if (table.machine) continue;
    out += "\n";
    if (!table.title.empty()) out += "### " + escaped_markdown(table.title) + "\n\n";
    const ShownTable cells = shown(table);
    out += row_of(cells.headings) + "|";
    for (const bool numeric : cells.numeric) out += numeric ? "---:|" : "---|";
    out += "\n";
    for (const auto& row : cells.rows) out += row_of(row);
  }
  if (!report.notes.empty()) out += "\n";
  for (const std::string& note : report.notes) out += "- " + escaped_markdown(note) + "\n";
  return out;
}

std::string render_csv(const Report& report) {
  if (report.tables.empty()) return "";
  const Table& table = report.tables.front();
  std::string out;
  for (size_t i = 0; i < table.columns.size(); ++i)
    out += (i > 0 ? "," : "") + cell_csv(table.columns[i].name);
  out += "\r\n";
  for (const auto& row : table.rows) {
    for (size_t i = 0; i < row.size(); ++i) out += (i > 0 ? "," : "") + cell_csv(row[i]);
    out += "\r\n";
  }
  return out;
}

std::string render_jsonl(const Report& report) {
  std::string out;
  for (const Table& table : report.tables)
    for (const auto& row : table.rows) {
      Json line = {{"table", table.name}};
      for (size_t i = 0; i < row.size(); ++i) line[table.columns[i].name] = row[i];
      out += dump_json(line) + "\n";
    }
  return out;
}

}  // namespace

std::string render(const Report& report, Format format, size_t width) {
  switch (format) {
    case Format::table:
      return render_text(report, width);
    case Format::md:
      return render_markdown(report);
    case Format::csv:
      return render_csv(report);
    case Format::json:
      return dump_json(report.document, 2) + "\n";
    case Format::jsonl:
      return render_jsonl(report);
  }
  return "";
}

}  // namespace ate
