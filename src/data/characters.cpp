#include "data/characters.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "data/scratch_tokens.h"
#include "support/error.h"

namespace ate {
namespace {

constexpr size_t kCodePoints = 0x110000;
constexpr int64_t kCharactersPiece = 1 << 20;  // bytes of text held at a time

// UTF-8 (RFC 3629, table in section 4) into code points, byte by byte.
class Utf8 {
 public:
  explicit Utf8(const InputFile& file) : file_(file) {}

  // Whether the byte ends a character, which is code_point() then.
  bool ends_character(uint8_t byte, int64_t at) {
    if (left_ == 0) return begins(byte, at);
    if (byte < least_ || byte > most_) refuse(byte, at, "does not go on with the character before it");
    code_point_ = code_point_ << 6 | (byte & 0x3FU);
    least_ = 0x80;
    most_ = 0xBF;
    return --left_ == 0;
  }
  uint32_t code_point() const { return code_point_; }

  void end() const {
    if (left_ > 0)
      throw BadInput("/source/file", fmt::format("\"{}\" ends inside a character of UTF-8: save it as UTF-8",
                                                 file_.path().string()));
  }

 private:
  bool begins(uint8_t byte, int64_t at) {
    least_ = byte == 0xE0 ? 0xA0 : byte == 0xF0 ? 0x90 : 0x80;  // no character has two forms
    most_ = byte == 0xED ? 0x9F : byte == 0xF4 ? 0x8F : 0xBF;   // no surrogate, none above U+10FFFF
    if (byte == 0) refuse(byte, at, "is no text: are these token ids?");
    if (byte < 0x80) {
      code_point_ = byte;
      return true;
    }
    if (byte < 0xC2 || byte > 0xF4) refuse(byte, at, "begins no character");
    left_ = byte < 0xE0 ? 1 : byte < 0xF0 ? 2 : 3;
    code_point_ = byte & (0x3FU >> left_);
    return false;
  }

  [[noreturn]] void refuse(uint8_t byte, int64_t at, const char* why) const {
    throw BadInput(
        "/source/file",
        fmt::format("\"{}\" is no text in UTF-8: byte 0x{:02X} at offset {} {}; save it as UTF-8, or set "
                    "source.format to what the file holds",
                    file_.path().string(), byte, at, why));
  }

  const InputFile& file_;
  uint32_t code_point_ = 0;
  int left_ = 0;  // bytes of the character that are to come
  uint8_t least_ = 0x80, most_ = 0xBF;
};

// Calls `piece` with the code points of one piece of the file after the other.
template <class Piece>
void for_each_piece(const InputFile& file, const Piece& piece) {
  Utf8 utf8(file);
  std::string bytes;
  std::vector<int32_t> characters;
  for (int64_t first = 0; first < file.bytes(); first += kCharactersPiece) {
    bytes.resize(static_cast<size_t>(std::min(kCharactersPiece, file.bytes() - first)));
    file.read(first, bytes);
    characters.clear();
    for (size_t i = 0; i < bytes.size(); ++i)
      if (utf8.ends_character(static_cast<uint8_t>(bytes[i]), first + static_cast<int64_t>(i)))
        characters.push_back(static_cast<int32_t>(utf8.code_point()));
    piece(characters);
  }
  utf8.end();
}

}  // namespace

std::vector<char32_t> characters_of(const InputFile& text) {
  std::vector<bool> occurs(kCodePoints, false);
  for_each_piece(text, [&](const std::vector<int32_t>& characters) {
    for (const int32_t c : characters) occurs[static_cast<size_t>(c)] = true;
  });
  std::vector<char32_t> all;
  for (size_t c = 0; c < kCodePoints; ++c)
    if (occurs[c]) all.push_back(static_cast<char32_t>(c));
  if (all.size() < 2)
    throw BadInput(
        "/source/file",
        fmt::format("\"{}\" has one character, again and again: a text has at least two different ones",
                    text.path().string()));
  return all;
}

CharacterFile cut_into_characters(const InputFile& text) {
  const std::vector<char32_t> all = characters_of(text);
  std::vector<int32_t> id_of(kCodePoints, -1);
  for (size_t id = 0; id < all.size(); ++id) id_of[all[id]] = static_cast<int32_t>(id);
  CharacterFile out;
  out.vocabulary = std::ssize(all);
  ScratchTokens scratch;
  for_each_piece(text, [&](std::vector<int32_t>& characters) {
    for (int32_t& c : characters) c = id_of[static_cast<size_t>(c)];
    scratch.write(characters);
  });
  out.tokens = scratch.finish();
  return out;
}

}  // namespace ate
