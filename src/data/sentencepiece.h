// Text into tokens by a SentencePiece model (https://github.com/google/sentencepiece; Kudo & Richardson 2018).
// The library is optional: without it every call says what to install.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "data/token_file.h"

namespace ate {

class PieceModel {
 public:
  // Throws BadInput for /source/format without the library, for /source/model when the file holds no model.
  explicit PieceModel(const InputFile& file);
  ~PieceModel();

  std::vector<int> encode(std::string_view text) const;
  // What a token adds to a text: its piece with spaces for the marks of words' starts, its byte, nothing for marks such as
  // the end of a text.
  std::string text_of(int token) const;
  int64_t vocabulary() const;
  int unknown() const;  // the token of what the model has no piece for

 private:
  struct Processor;
  std::unique_ptr<Processor> processor_;
};

// A text as tokens of four bytes, in a temporary file without a name, and the model's vocabulary.
struct PieceFile {
  std::shared_ptr<const InputFile> tokens;
  int64_t vocabulary = 0;
  double unknown = 0;  // share of the tokens that are the model's unknown piece
};

// Cuts `text` line by line with the model of `model_file`. Throws as PieceModel; Failure when the temporary file cannot be written.
PieceFile cut_into_pieces(const InputFile& text, const InputFile& model_file);

}  // namespace ate
