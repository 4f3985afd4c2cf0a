#include "data/text_codec.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "data/characters.h"
#include "data/sentencepiece.h"
#include "support/error.h"
#include "support/text.h"
#include "support/utf8.h"

namespace ate {
namespace {

class Bytes final : public TextCodec {
 public:
  std::vector<int64_t> encode(std::string_view text, const std::string& /*where*/) const override {
    std::vector<int64_t> tokens;
    for (const char c : text) tokens.push_back(static_cast<uint8_t>(c));
    return tokens;
  }
  std::string decode(int64_t token) const override { return {static_cast<char>(token)}; }
};

class Characters final : public TextCodec {
 public:
  explicit Characters(const InputFile& text) : all_(characters_of(text)) {}

  std::vector<int64_t> encode(std::string_view text, const std::string& where) const override {
    std::vector<int64_t> tokens;
    while (!text.empty()) {
      const size_t length = character_length(text);
      if (length == 0) throw BadInput(where, "is no text in UTF-8");
      const std::string_view character = text.substr(0, length);
      const auto found = std::lower_bound(all_.begin(), all_.end(), code_point(character));
      if (found == all_.end() || *found != code_point(character))
        throw BadInput(where, fmt::format("\"{}\" does not occur in the text that the model was trained on",
                                          printable(character)));
      tokens.push_back(found - all_.begin());
      text.remove_prefix(length);
    }
    return tokens;
  }
  std::string decode(int64_t token) const override {
    return utf8_character(all_.at(static_cast<size_t>(token)));
  }

 private:
  std::vector<char32_t> all_;
};

class Pieces final : public TextCodec {
 public:
  explicit Pieces(const InputFile& model) : model_(model) {}

  std::vector<int64_t> encode(std::string_view text, const std::string& /*where*/) const override {
    const std::vector<int> tokens = model_.encode(text);
    return {tokens.begin(), tokens.end()};
  }
  std::string decode(int64_t token) const override { return model_.text_of(static_cast<int>(token)); }

 private:
  PieceModel model_;
};

class TokenIds final : public TextCodec {
 public:
  explicit TokenIds(int64_t vocabulary) : vocabulary_(vocabulary) {}

  std::vector<int64_t> encode(std::string_view text, const std::string& where) const override {
    std::vector<int64_t> tokens;
    for (size_t at = text.find_first_not_of(' '); at < text.size(); at = text.find_first_not_of(' ', at)) {
      const std::string_view word = text.substr(at, std::min(text.find(' ', at), text.size()) - at);
      int64_t token = -1;
      const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), token);
      if (error != std::errc() || end != word.data() + word.size() || token < 0 || token >= vocabulary_)
        throw BadInput(where,
                       fmt::format("\"{}\" is no token: the model was trained on token ids, from 0 to {}, "
                                   "which a prompt gives with spaces between",
                                   printable(word), vocabulary_ - 1));
      tokens.push_back(token);
      at += word.size();
    }
    return tokens;
  }
  std::string decode(int64_t token) const override { return std::to_string(token) + " "; }

 private:
  int64_t vocabulary_;
};

}  // namespace

std::unique_ptr<TextCodec> text_codec(const SourceConfig& source) {
  switch (source.format) {
    case TextFormat::automatic:
    case TextFormat::bytes:
      return std::make_unique<Bytes>();
    case TextFormat::characters:
      return std::make_unique<Characters>(InputFile(source.file, "/source/file"));
    case TextFormat::sentencepiece:
      return std::make_unique<Pieces>(InputFile(source.model, "/source/model"));
    case TextFormat::uint16:
    case TextFormat::uint32:
    case TextFormat::npy:
    case TextFormat::llmc:
      break;
  }
  return std::make_unique<TokenIds>(source.vocabulary);
}

}  // namespace ate
