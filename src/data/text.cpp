#include "data/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <mutex>
#include <tuple>
#include <utility>

#include "config/derived.h"
#include "config/fields.h"
#include "data/sentencepiece.h"
#include "support/error.h"
#include "support/hash.h"

namespace ate {
namespace {

constexpr int64_t kPiece = 1 << 20;  // bytes read at a time

struct Opened {
  std::shared_ptr<const TokenFile> tokens;
  int64_t vocabulary = 0;  // that the format has by itself; 0: none
};

TextFormat format_of(const SourceConfig& source) {
  if (source.format != TextFormat::automatic) return source.format;
  if (!source.model.empty()) return TextFormat::sentencepiece;
  return std::filesystem::path(source.file).extension() == ".bin" ? TextFormat::uint16 : TextFormat::bytes;
}

Opened open_text(const SourceConfig& source) {
  if (source.file.empty()) throw BadInput("/source/file", "text needs a file: set source.file to its path");
  const auto text = std::make_shared<InputFile>(source.file, "/source/file");
  if (text->bytes() == 0) throw BadInput("/source/file", fmt::format("\"{}\" is empty", source.file));
  const TextFormat format = format_of(source);
  if (format == TextFormat::bytes) return {std::make_shared<TokenFile>(text, 1), 256};
  if (format == TextFormat::uint16) {
    if (text->bytes() % 2 != 0)
      throw BadInput("/source/file",
                     fmt::format("\"{}\" has an odd number of bytes, {}: it holds no token ids "
                                 "of two bytes; source.format=bytes reads it as it is",
                                 source.file, text->bytes()));
    return {std::make_shared<TokenFile>(text, 2), 0};
  }
  if (source.model.empty())
    throw BadInput("/source/model", "sentencepiece needs a model: set source.model to its file");
  const PieceFile pieces = cut_into_pieces(*text, InputFile(source.model, "/source/model"));
  if (pieces.tokens->bytes() == 0)
    throw BadInput("/source/file", fmt::format("\"{}\" gives no token", source.file));
  return {std::make_shared<TokenFile>(pieces.tokens, 4), pieces.vocabulary};
}

// The last text opened is kept, so that settling it and training on it cut it once. A config without content
// is not settled: its file may have changed since.
Opened open_text_once(const SourceConfig& source) {
  if (source.content.empty()) return open_text(source);
  using Key = std::tuple<std::string, TextFormat, std::string, std::string>;
  static std::mutex mutex;
  static Key last_key;
  static Opened last;
  const std::lock_guard lock(mutex);
  const Key key = {source.file, format_of(source), source.model, source.content};
  if (last.tokens == nullptr || key != last_key) {
    last = open_text(source);
    last_key = key;
  }
  return last;
}

void add_content(const std::string& path, const char* where, Hash64& hash) {
  const InputFile file(path, where);
  std::string piece(static_cast<size_t>(std::min(kPiece, file.bytes())), '\0');
  for (int64_t first = 0; first < file.bytes(); first += kPiece) {
    const auto part = std::span(piece).first(static_cast<size_t>(std::min(kPiece, file.bytes() - first)));
    file.read(first, part);
    hash.add({part.data(), part.size()});
  }
}

// Refuses a token outside the vocabulary, or takes what the tokens need for it.
void settle_vocabulary(SourceConfig& source, const TokenFile& tokens, bool any_vocabulary) {
  int64_t largest = 0;
  int64_t place = 0;
  std::vector<int64_t> piece(static_cast<size_t>(kPiece));
  for (int64_t first = 0; first < source.tokens; first += kPiece) {
    const auto part = std::span(piece).first(static_cast<size_t>(std::min(kPiece, source.tokens - first)));
    tokens.read(first, part);
    const auto it = std::max_element(part.begin(), part.end());
    if (*it <= largest) continue;
    largest = *it;
    place = first + (it - part.begin());
  }
  if (any_vocabulary) {
    source.vocabulary = std::max<int64_t>(2, largest + 1);
  } else if (largest >= source.vocabulary) {
    throw BadInput("/source/vocabulary",
                   fmt::format("\"{}\" holds token id {} at place {}, outside the vocabulary of {}; set "
                               "source.vocabulary to at least {}",
                               source.file, largest, place, source.vocabulary, largest + 1));
  }
}

}  // namespace

Text::Text(const SourceConfig& config) : config_(config), file_(open_text_once(config).tokens) {
  if (file_->size() < config.tokens)
    throw BadInput("/source/tokens", fmt::format("\"{}\" has {} tokens, fewer than {}", config.file,
                                                 file_->size(), config.tokens));
}

Corpus Text::corpus(int64_t /*seed*/) const {
  Corpus corpus;
  corpus.file = file_;
  corpus.length = config_.tokens;
  corpus.vocabulary = config_.vocabulary;
  corpus.training = training_tokens(config_);
  return corpus;
}

void settle_text(SourceConfig& source, const TextDefaults& defaults) {
  const std::string expected = std::exchange(source.content, "");
  if (!source.file.empty()) {
    Hash64 hash;
    add_content(source.file, "/source/file", hash);
    if (format_of(source) == TextFormat::sentencepiece && !source.model.empty())
      add_content(source.model, "/source/model", hash);
    source.content = hash.hex();
  }
  if (!expected.empty() && source.content != expected)
    throw BadInput(
        "/source/content",
        fmt::format("the content of \"{}\" is {} now, not {}: the file has changed; bring the old one "
                    "back, or set source.content=\"\" to go on with this one",
                    source.file, source.content, expected));
  const Opened opened = open_text_once(source);
  source.format = format_of(source);
  source.tokens = defaults.whole_file ? std::min(kMostTokens, opened.tokens->size())
                                      : std::min(source.tokens, opened.tokens->size());
  if (opened.vocabulary != 0)
    source.vocabulary = opened.vocabulary;
  else
    settle_vocabulary(source, *opened.tokens, defaults.any_vocabulary);
}

}  // namespace ate
