// Checks of flags' values, with messages that say what would be right.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace ate {

CLI::Validator not_empty();
CLI::Validator whole_number(int64_t low, int64_t high);
CLI::Validator whole_number_or(int64_t low, int64_t high, const std::string& word);
CLI::Validator number(double low, double high);

}  // namespace ate
