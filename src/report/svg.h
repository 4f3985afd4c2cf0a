// Parts of an SVG file. `more` takes further attributes: class="interval".
#pragma once

#include <string>

namespace ate {

// Text between tags, safe to show.
std::string svg_escaped(const std::string& text);

std::string svg_text(double x, double y, const char* anchor, const std::string& text,
                     const std::string& more = "");

std::string svg_line(double x1, double y1, double x2, double y2, const std::string& more);

}  // namespace ate
