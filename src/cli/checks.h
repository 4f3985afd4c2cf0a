// Checks of flags' values, with messages that say what would be right.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace ate {

CLI::Validator not_empty();
CLI::Validator whole_number(int64_t low, int64_t high);
CLI::Validator whole_number_or(int64_t low, int64_t high, const std::string& word);
CLI::Validator number(double low, double high);

// For flags that have no meaning beside another: throws BadInput with `why` for each of them that was given, so that no
// flag is dropped without a word.
void refuse_given(const std::vector<CLI::Option*>& options, const std::string& why);

}  // namespace ate
