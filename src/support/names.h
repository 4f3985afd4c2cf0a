// Names that users type: the nearest known one for a misspelt one, and lists for messages.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ate {

// The known name nearest to `given` by edit distance with transpositions (optimal string alignment; case is
// ignored), or "" when none is near enough to be what was meant.
std::string nearest_name(std::string_view given, const std::vector<std::string>& known);

// ` (did you mean "x"?)`, or "" when nothing is near.
std::string did_you_mean(std::string_view given, const std::vector<std::string>& known);

// The parts between the separators, empty ones included: "a,,b," has four.
std::vector<std::string> split(std::string_view text, char separator);

// A decimal number with its thousands apart: "1,100,000".
std::string with_commas(std::string number);

// "a, b or c".
std::string either(const std::vector<std::string>& names);

}  // namespace ate
