#include <algorithm>

#include "report/cells.h"
#include "report/exact_integer.h"
#include "report/table.h"

namespace ate {
namespace {

using Json = nlohmann::ordered_json;

// Columns in a terminal: 0xC3 0xA9 is one character wide; continuation bytes do not count.
size_t width_of(const std::string& text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](unsigned char c) { return (c & 0xC0U) != 0x80U; }));
}

// Cells as text, the headings first.
std::vector<std::vector<std::string>> cell_texts(const Table& table) {
  std::vector<std::vector<std::string>> out(1);
  for (const Column& column : table.columns) out[0].push_back(column.heading);
  for (const auto& row : table.rows) {
    out.emplace_back();
    for (size_t i = 0; i < row.size(); ++i) out.back().push_back(cell_text(row[i], table.columns[i]));
  }
  return out;
}

bool is_numeric(const Table& table, size_t column) {
  return std::all_of(table.rows.begin(), table.rows.end(),
                     [&](const auto& row) { return is_number(row[column]) || row[column].is_null(); });
}

std::string aligned(const std::string& text, size_t width, bool right) {
  const std::string padding(width - width_of(text), ' ');
  return right ? padding + text : text + padding;
}

std::string text_table(const Table& table) {
  const auto cells = cell_texts(table);
  std::vector<size_t> widths(table.columns.size());
  for (const auto& row : cells)
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  std::string out;
  if (!table.title.empty()) out += table.title + "\n";
  for (size_t r = 0; r < cells.size(); ++r) {
    std::string line = " ";
    for (size_t i = 0; i < cells[r].size(); ++i)
      line += " " + aligned(cells[r][i], widths[i], is_numeric(table, i)) + " ";
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
    if (r > 0) continue;
    std::string rule = " ";
    for (const size_t width : widths) rule += " " + std::string(width, '-') + " ";
    out += rule.substr(0, rule.size() - 1) + "\n";
  }
  return out;
}

// Breaks a sentence into lines of at most `width` columns, later lines indented.
std::string wrapped(const std::string& text, size_t width) {
  std::string out;
  std::string line = "- ";
  size_t start = 0;
  while (start < text.size()) {
    size_t end = text.find(' ', start);
    if (end == std::string::npos) end = text.size();
    const std::string word = text.substr(start, end - start);
    if (width_of(line) + width_of(word) > width && line.size() > 2) {
      out += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
      line = "  ";
    }
    line += word + " ";
    start = end + 1;
  }
  return out + line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
}

std::string render_text(const Report& report) {
  std::string out = report.title + "\n";
  for (const std::string& fact : report.facts) out += "  " + fact + "\n";
  for (size_t i = 0; i < report.tables.size(); ++i) {
    out += "\n" + text_table(report.tables[i]);
    if (i == 0 && report.plot) out += "\n" + text_plot(*report.plot, 100);
  }
  if (!report.notes.empty()) out += "\n";
  for (const std::string& note : report.notes) out += wrapped(note, 100);
  return out;
}

std::string escaped_markdown(const std::string& text) {
  std::string out;
  for (const char c : text) out += c == '|' ? "\\|" : std::string(1, c);
  return out;
}

std::string render_markdown(const Report& report) {
  std::string out = "## " + report.title + "\n\n";
  for (const std::string& fact : report.facts) out += "- " + fact + "\n";
  for (const Table& table : report.tables) {
    out += "\n";
    if (!table.title.empty()) out += "### " + table.title + "\n\n";
    const auto cells = cell_texts(table);
    for (size_t r = 0; r < cells.size(); ++r) {
      out += "|";
      for (const std::string& cell : cells[r]) out += " " + escaped_markdown(cell) + " |";
      out += "\n";
      if (r > 0) continue;
      out += "|";
      for (size_t i = 0; i < table.columns.size(); ++i) out += is_numeric(table, i) ? "---:|" : "---|";
      out += "\n";
    }
  }
  if (!report.notes.empty()) out += "\n";
  for (const std::string& note : report.notes) out += "- " + note + "\n";
  return out;
}

std::string render_csv(const Report& report) {
  if (report.tables.empty()) return "";
  const Table& table = report.tables.front();
  std::string out;
  for (size_t i = 0; i < table.columns.size(); ++i) out += (i > 0 ? "," : "") + table.columns[i].name;
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

std::string render(const Report& report, Format format) {
  switch (format) {
    case Format::table:
      return render_text(report);
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
