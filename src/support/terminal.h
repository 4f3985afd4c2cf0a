// How wide the terminal is.
#pragma once

#include <cstddef>

namespace ate {

inline constexpr size_t kUsualWidth = 80;   // columns, where nothing says how many there are
inline constexpr size_t kWidestText = 100;  // longer lines of prose are hard to read

// Columns of the terminal behind a file descriptor, never more than COLUMNS where that is set; 0 when it is no
// terminal.
size_t terminal_width(int file);

// Columns that prose on stdout may take: COLUMNS, or the terminal's, or kUsualWidth; at most kWidestText.
size_t help_width();

}  // namespace ate
