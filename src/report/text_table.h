// A table as aligned text.
#pragma once

#include <string>
#include <vector>

#include "report/table.h"

namespace ate {

// What people see of a table: the columns that are not for programs alone, as text safe to show.
struct ShownTable {
  std::vector<std::string> headings;
  std::vector<bool> numeric;  // to the right
  std::vector<std::vector<std::string>> rows;
  size_t keys = 1;
};
ShownTable shown(const Table& table);

// Aligned columns under a rule. Where they are wider than `width` (0: no limit), the table is cut into parts one below
// the other, each with the leading columns that say what a row is of; words that are still too long are broken into
// lines.
std::string text_table(const ShownTable& table, size_t width);

}  // namespace ate
