// A SentencePiece model made by hand, byte by byte, so that tests need no trainer.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

namespace ate::testing {

// A unigram model (a serialised sentencepiece.ModelProto) of these pieces after <unk>, with falling scores.
// U+2581 stands for a space.
inline std::string piece_model(const std::vector<std::string>& pieces) {
  const auto field = [](char tag, const std::string& bytes) {
    return std::string(1, tag) + static_cast<char>(bytes.size()) + bytes;
  };
  const auto piece = [&](const std::string& text, float score, char type) {
    std::string bits(sizeof score, '\0');
    std::memcpy(bits.data(), &score, sizeof score);
    return field('\x0a', field('\x0a', text) + '\x15' + bits + '\x18' + std::string(1, type));
  };
  std::string model = piece("<unk>", 0, 2);
  float score = 0;
  for (const std::string& text : pieces) model += piece(text, score -= 1, 1);
  model += field('\x12', "\x18\x01");                 // trainer_spec: model_type = UNIGRAM
  model += field('\x1a', field('\x0a', "identity"));  // normalizer_spec: name
  return model;
}

}  // namespace ate::testing
