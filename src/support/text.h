// Text for people: users' own words made safe to show, widths, line breaks, plurals.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ate {

// `text` without what a terminal would obey instead of showing: control characters, marks that turn the
// direction of writing, and bytes that are no UTF-8 become \n, \t, \x1b, \u202e. All else stays.
std::string printable(std::string_view text);

// Columns on a terminal: one for each character (a code point), whatever its bytes.
size_t display_width(std::string_view text);

// The first `width` columns of a text.
std::string cut_to_width(std::string_view text, size_t width);

// Breaks between words into lines of at most `width` columns; a longer word has a line of its own.
std::vector<std::string> broken_lines(std::string_view text, size_t width);

// The same as one text: `first` before the first line, `rest` before the others, a line feed after each. `width`
// counts what stands before.
std::string wrapped(std::string_view text, size_t width, const std::string& first, const std::string& rest);

// `text` up to its first line feed.
std::string first_line(const std::string& text);

// "1 head", "2 heads"; `many` for a plural that is not the word with an s.
std::string counted(int64_t n, const std::string& one, const std::string& many = "");

}  // namespace ate
