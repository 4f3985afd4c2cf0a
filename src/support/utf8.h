// UTF-8, character by character.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace ate {

// Bytes of the well-formed UTF-8 character that `text` begins with (Unicode 15, table 3-7); 0 when there is none.
size_t character_length(std::string_view text);

// Of a well-formed character.
uint32_t code_point(std::string_view character);

// The character of a code point that has one.
std::string utf8_character(uint32_t code);

// The last bytes of `text` that begin a character and do not end it: 0 to 3.
size_t unfinished_bytes(std::string_view text);

}  // namespace ate
