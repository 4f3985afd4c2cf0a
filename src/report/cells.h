// How a cell reads for people and in CSV.
#pragma once

#include <string>

#include "report/table.h"

namespace ate {

// Rounded to the column's precision (what would round to 0 and is not, as 3.1e-06), thousands separated by
// commas; null as "-".
std::string cell_text(const nlohmann::ordered_json& cell, const Column& column);

// In full precision; null as an empty field. Text as RFC 4180 quotes it, on one line, and no formula to a
// spreadsheet.
std::string cell_csv(const nlohmann::ordered_json& cell);

}  // namespace ate
