// A text in UTF-8 as its characters: a token is a Unicode code point, and its id is the place of the code point among
// those of the file, sorted, as nanoGPT's data/shakespeare_char/prepare.py has it. Nothing is altered: line ends of two
// characters are two tokens.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "data/token_file.h"

namespace ate {

// The code points that occur in the text, sorted: a token is a place in this list. Throws as cut_into_characters.
std::vector<char32_t> characters_of(const InputFile& text);

struct CharacterFile {
  std::shared_ptr<const InputFile> tokens;  // of four bytes, in a temporary file
  int64_t vocabulary = 0;
};

// Throws BadInput for /source/file where the file is no UTF-8, with the place of the byte, or has one character alone;
// Failure when the temporary file cannot be written.
CharacterFile cut_into_characters(const InputFile& text);

}  // namespace ate
