// The colours that all pictures share, light and dark as their reader prefers.
#pragma once

#include <cstddef>
#include <string>

namespace ate {

size_t curve_colours();  // how many

// Rules of a style sheet for what lies in an element of class "curves": "line2" for lines, "dot2" for areas, "text2" for
// words, "quiet", "paper", "grid" and others.
std::string curve_style();

}  // namespace ate
