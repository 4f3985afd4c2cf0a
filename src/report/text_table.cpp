#include "report/text_table.h"

#include <algorithm>

#include "report/cells.h"
#include "report/exact_integer.h"
#include "support/text.h"

namespace ate {
namespace {

constexpr size_t kGap = 2;              // columns between two cells, and before the first
constexpr size_t kNarrowestWords = 12;  // that a column of words is squeezed to

bool is_numeric(const Table& table, size_t column) {
  return std::all_of(table.rows.begin(), table.rows.end(),
                     [&](const auto& row) { return is_number(row[column]) || row[column].is_null(); });
}

std::string aligned(const std::string& text, size_t width, bool right) {
  const size_t columns = display_width(text);
  const std::string padding(width > columns ? width - columns : 0, ' ');
  return right ? padding + text : text + padding;
}

std::vector<size_t> natural_widths(const ShownTable& table) {
  std::vector<size_t> widths;
  for (const std::string& heading : table.headings) widths.push_back(display_width(heading));
  for (const auto& row : table.rows)
    for (size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], display_width(row[i]));
  return widths;
}

size_t total(const std::vector<size_t>& columns, const std::vector<size_t>& widths) {
  size_t sum = 0;
  for (const size_t column : columns) sum += kGap + widths[column];
  return sum;
}

using Parts = std::vector<std::vector<size_t>>;  // the columns of each

// The columns of each part: the keys, and as many others as there is room for, at least one.
Parts parts_of(const ShownTable& table, const std::vector<size_t>& widths, size_t width) {
  std::vector<size_t> keys;
  while (keys.size() < std::min(table.keys, table.headings.size())) {
    keys.push_back(keys.size());
    // Keys that leave no room for anything else say less than one that does.
    if (keys.size() > 1 && 2 * total(keys, widths) > width) {
      keys.pop_back();
      break;
    }
  }
  Parts parts = {keys};
  for (size_t column = keys.size(); column < table.headings.size(); ++column) {
    std::vector<size_t> longer = parts.back();
    longer.push_back(column);
    if (parts.back().size() > keys.size() && total(longer, widths) > width) {
      longer = keys;
      longer.push_back(column);
      parts.emplace_back();
    }
    parts.back() = std::move(longer);
  }
  return parts;
}

// Takes from the widest column of words what a part has too much.
void squeeze(const ShownTable& table, const std::vector<size_t>& part, size_t width,
             std::vector<size_t>& widths) {
  while (total(part, widths) > width) {
    size_t widest = part.size();
    for (size_t i = 0; i < part.size(); ++i)
      if (!table.numeric[part[i]] && (widest == part.size() || widths[part[i]] > widths[part[widest]]))
        widest = i;
    if (widest == part.size() || widths[part[widest]] <= kNarrowestWords) return;
    size_t& column = widths[part[widest]];
    column = std::max(kNarrowestWords, column - std::min(column, total(part, widths) - width));
  }
}

// One row, whose cells may take several lines.
std::string row_text(const ShownTable& table, const std::vector<std::string>& cells,
                     const std::vector<size_t>& part, const std::vector<size_t>& widths) {
  std::vector<std::vector<std::string>> lines;
  size_t height = 1;
  for (const size_t column : part) {
    // A cell that fits keeps its spaces.
    const bool fits = display_width(cells[column]) <= widths[column];
    lines.push_back(fits ? std::vector{cells[column]} : broken_lines(cells[column], widths[column]));
    height = std::max(height, lines.back().size());
  }
  std::string out;
  for (size_t l = 0; l < height; ++l) {
    std::string line;
    for (size_t i = 0; i < part.size(); ++i)
      line += std::string(kGap, ' ') +
              aligned(l < lines[i].size() ? lines[i][l] : "", widths[part[i]], table.numeric[part[i]]);
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + "\n";
  }
  return out;
}

}  // namespace

ShownTable shown(const Table& table) {
  ShownTable out;
  out.rows.resize(table.rows.size());
  for (size_t i = 0; i < table.columns.size(); ++i) {
    const Column& column = table.columns[i];
    if (column.machine) continue;
    if (i < table.keys) out.keys = out.headings.size() + 1;
    out.headings.push_back(printable(column.heading));
    out.numeric.push_back(is_numeric(table, i));
    for (size_t row = 0; row < table.rows.size(); ++row)
      out.rows[row].push_back(printable(cell_text(table.rows[row][i], column)));
  }
  return out;
}

std::string text_table(const ShownTable& table, size_t width) {
  std::string out;
  std::vector<size_t> all(table.headings.size());
  for (size_t i = 0; i < all.size(); ++i) all[i] = i;
  const std::vector<size_t> natural = natural_widths(table);
  const bool fits = width == 0 || total(all, natural) <= width;
  const Parts parts = fits ? Parts{all} : parts_of(table, natural, width);
  for (const std::vector<size_t>& part : parts) {
    std::vector<size_t> widths = natural;
    if (!fits) squeeze(table, part, width, widths);
    if (!out.empty()) out += "\n";
    out += row_text(table, table.headings, part, widths);
    for (const size_t column : part) out += std::string(kGap, ' ') + std::string(widths[column], '-');
    out += "\n";
    for (const auto& row : table.rows) out += row_text(table, row, part, widths);
  }
  return out;
}

}  // namespace ate
