// Between a text and the tokens of a source.kind=text, in the vocabulary that its config describes.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "config/config.h"

namespace ate {

class TextCodec {
 public:
  virtual ~TextCodec() = default;
  // Throws BadInput for `where` for text that the vocabulary has no token for.
  virtual std::vector<int64_t> encode(std::string_view text, const std::string& where) const = 0;
  // What a token adds to a text, in bytes: for source.format=bytes it may be part of a character.
  virtual std::string decode(int64_t token) const = 0;
};

// `source` as settle_text left it. Files of token ids have no text: theirs are numbers with spaces between. Throws BadInput as
// settle_text for a file that the vocabulary comes from.
std::unique_ptr<TextCodec> text_codec(const SourceConfig& source);

}  // namespace ate
