// Whole numbers of any size in tables and JSON.
//
// JSON sets no limit to a number's digits, and Python, jq 1.7 and many others read all of them; readers
// that know only doubles round. So a count is written as the integer it is, never as a string or in
// floating point. The JSON library holds at most 64 bits: longer numbers are carried as marked text and
// written out by dump_json, through which all output goes.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

namespace ate {

// The cell for a whole number of at least 0, given by its decimal digits.
nlohmann::ordered_json exact_integer(const std::string& digits);

// Whether the cell is a number, of any size.
bool is_number(const nlohmann::ordered_json& cell);

// The decimal digits of a cell that holds a whole number longer than 63 bits, "" for any other cell.
std::string long_digits(const nlohmann::ordered_json& cell);

// document.dump(indent), with long whole numbers as integers.
std::string dump_json(const nlohmann::ordered_json& document, int indent = -1);

}  // namespace ate
