#include "data/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <mutex>
#include <tuple>
#include <utility>

#include "config/derived.h"
#include "config/fields.h"
#include "data/characters.h"
#include "data/sentencepiece.h"
#include "data/token_format.h"
#include "support/error.h"
#include "support/hash.h"

namespace ate {
namespace {

constexpr int64_t kTextPiece = 1 << 20;  // bytes read at a time

struct Opened {
  std::shared_ptr<const TokenFile> tokens;
  TextFormat format = TextFormat::bytes;
  int64_t vocabulary = 0;  // that the format has by itself; 0: none
  std::optional<double> unknown{};
};

Opened open_text(const SourceConfig& source) {
  if (source.file.empty()) throw BadInput("/source/file", "text needs a file: set source.file to its path");
  const auto text = std::make_shared<InputFile>(source.file, "/source/file");
  if (text->bytes() == 0) throw BadInput("/source/file", fmt::format("\"{}\" is empty", source.file));
  const TextFormat format = format_of_file(source, *text);
  if (format == TextFormat::characters) {
    const CharacterFile characters = cut_into_characters(*text);
    return {std::make_shared<TokenFile>(characters.tokens, 4), format, characters.vocabulary};
  }
  if (format != TextFormat::sentencepiece) {
    const TokenLayout layout = token_layout(format, *text);
    if (layout.count == 0)
      throw BadInput("/source/file", fmt::format("\"{}\" holds no token ids", source.file));
    return {std::make_shared<TokenFile>(text, layout), format, format == TextFormat::bytes ? 256 : 0};
  }
  if (source.model.empty())
    throw BadInput("/source/model", "sentencepiece needs a model: set source.model to its file");
  const PieceFile pieces = cut_into_pieces(*text, InputFile(source.model, "/source/model"));
  if (pieces.tokens->bytes() == 0)
    throw BadInput("/source/file", fmt::format("\"{}\" gives no token", source.file));
  return {std::make_shared<TokenFile>(pieces.tokens, 4), format, pieces.vocabulary, pieces.unknown};
}

// The last text opened, so that settling it and training on it cut it once.
class LastText {
 public:
  Opened open(const SourceConfig& source) {
    const std::lock_guard lock(mutex_);
    if (opened_.tokens == nullptr || key_of(source) != key_) {
      opened_ = open_text(source);
      key_ = key_of(source);
      // By the name that its format has once it is settled, too.
      std::get<TextFormat>(key_) = opened_.format;
    }
    return opened_;
  }
  std::optional<double> unknown(const SourceConfig& source) {
    const std::lock_guard lock(mutex_);
    return opened_.tokens != nullptr && key_of(source) == key_ ? opened_.unknown : std::nullopt;
  }

 private:
  using Key = std::tuple<std::string, TextFormat, std::string, std::string>;
  static Key key_of(const SourceConfig& source) {
    return {source.file, source.format, source.model, source.content};
  }

  std::mutex mutex_;
  Key key_;
  Opened opened_;
};

LastText& last_text() {
  static LastText last;
  return last;
}

// A config without content is not settled: its file may have changed since.
Opened open_text_once(const SourceConfig& source) {
  return source.content.empty() ? open_text(source) : last_text().open(source);
}

void add_content(const std::string& path, const char* where, Hash64& hash) {
  const InputFile file(path, where);
  std::string piece(static_cast<size_t>(std::min(kTextPiece, file.bytes())), '\0');
  for (int64_t first = 0; first < file.bytes(); first += kTextPiece) {
    const auto part = std::span(piece).first(static_cast<size_t>(std::min(kTextPiece, file.bytes() - first)));
    file.read(first, part);
    hash.add({part.data(), part.size()});
  }
}

// The largest vocabularies in use have 2^18 tokens; ids of two bytes, read four by four, are far above.
constexpr int64_t kLargestUsual = 1 << 18;

constexpr double kMostUnknown = 0.01;  // share of unknown pieces without a warning

// Refuses a token outside the vocabulary, or takes what the tokens need for it.
void settle_vocabulary(SourceConfig& source, const TokenFile& tokens, bool any_vocabulary, SettledText& out) {
  std::array<int64_t, 2> largest{};  // at even and at odd places
  int64_t place = 0;                 // of the largest of all
  std::vector<int64_t> piece(static_cast<size_t>(kTextPiece));
  for (int64_t first = 0; first < source.tokens; first += kTextPiece) {
    const auto part =
        std::span(piece).first(static_cast<size_t>(std::min(kTextPiece, source.tokens - first)));
    tokens.read(first, part);
    for (size_t i = 0; i < part.size(); ++i) {
      const int64_t token = part[i];
      if (token < 0 || token >= kLargestVocabulary)
        throw BadInput(
            "/source/file",
            fmt::format("\"{}\" holds {} at place {}: token ids are from 0 to {}; set source.format to "
                        "what the file holds",
                        source.file, token, first + static_cast<int64_t>(i), kLargestVocabulary - 1));
      int64_t& most = largest.at(i % 2);  // kTextPiece is even
      if (token > std::max(largest[0], largest[1])) place = first + static_cast<int64_t>(i);
      most = std::max(most, token);
    }
  }
  // Ids of four bytes, read two by two, have their upper halves at every odd place: 0, or 1 or 2 for the largest
  // vocabularies in use.
  const bool by_halves =
      source.format == TextFormat::uint16 && largest[1] < 4 && largest[0] > 256 * largest[1];
  const char* const hint =
      "every second id is 0 or nearly so, as when ids of four bytes are read as two; "
      "source.format=uint32 reads those";
  const int64_t needed = std::max(largest[0], largest[1]) + 1;
  if (any_vocabulary && source.format == TextFormat::uint32 && needed > kLargestUsual)
    throw BadInput(
        "/source/file",
        fmt::format("\"{}\" holds token id {} at place {}, above any vocabulary in use, as when ids of two "
                    "bytes are read as four: set source.format=uint16, or source.vocabulary to at least {}",
                    source.file, needed - 1, place, needed));
  if (any_vocabulary)
    source.vocabulary = std::max<int64_t>(2, needed);
  else if (needed > source.vocabulary)
    throw BadInput(
        "/source/vocabulary",
        fmt::format("\"{}\" holds token id {} at place {}, outside the vocabulary of {}; {}", source.file,
                    needed - 1, place, source.vocabulary,
                    by_halves ? hint : fmt::format("set source.vocabulary to at least {}", needed)));
  if (by_halves) out.warnings.push_back(fmt::format("\"{}\": {}", source.file, hint));
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

SettledText settle_text(SourceConfig& source, const TextDefaults& defaults) {
  const std::string expected = std::exchange(source.content, "");
  const bool cut = source.format == TextFormat::sentencepiece || source.format == TextFormat::automatic;
  if (!source.file.empty()) {
    Hash64 hash;
    add_content(source.file, "/source/file", hash);
    if (cut && !source.model.empty()) add_content(source.model, "/source/model", hash);
    source.content = hash.hex();
  }
  if (!expected.empty() && source.content != expected)
    throw BadInput(
        "/source/content",
        fmt::format("the content of \"{}\" is {} now, not {}: the file has changed; bring the old one "
                    "back, or set source.content=\"\" to go on with this one",
                    source.file, source.content, expected));
  const Opened opened = open_text_once(source);
  SettledText out;
  out.tokens_in_file = opened.tokens->size();
  source.format = opened.format;
  source.tokens = std::min(defaults.whole_file ? kMostTokens : source.tokens, opened.tokens->size());
  if (opened.vocabulary != 0)
    source.vocabulary = opened.vocabulary;
  else
    settle_vocabulary(source, *opened.tokens, defaults.any_vocabulary, out);
  if (opened.unknown.value_or(0) > kMostUnknown)
    out.warnings.push_back(
        fmt::format("\"{}\": {:.1f} % of its pieces are unknown to the model \"{}\": is it a model of "
                    "this language and script?",
                    source.file, 100 * *opened.unknown, source.model));
  return out;
}

std::optional<double> unknown_share(const SourceConfig& source) { return last_text().unknown(source); }

namespace {

constexpr const char* kTextFields[] = {"file", "format", "model", "content"};

// "(bytes, 256 in the vocabulary, content 0123...)".
std::string describe_text(const SourceConfig& s) {
  const auto format = [&]() -> std::string {
    switch (s.format) {
      case TextFormat::automatic:
      case TextFormat::bytes:
        return "bytes";
      case TextFormat::characters:
        return "characters";
      case TextFormat::uint16:
        return "token ids";
      case TextFormat::uint32:
        return "token ids of four bytes";
      case TextFormat::npy:
        return "token ids of NumPy";
      case TextFormat::llmc:
        return "token ids of llm.c";
      case TextFormat::sentencepiece:
        return "SentencePiece model " + s.model;
    }
    return "";
  };
  const std::optional<double> unknown = unknown_share(s);
  return fmt::format("({}, {} in the vocabulary, {}content {})", format(), s.vocabulary,
                     unknown ? fmt::format("{:.2f} % unknown pieces, ", 100 * *unknown) : "", s.content);
}

std::vector<Problem> check_text(const SourceConfig& s) {
  std::vector<Problem> problems;
  if (s.file.empty()) problems.push_back({"/source/file", "text needs a file: set source.file to its path"});
  const bool takes_no_model = s.format != TextFormat::automatic && s.format != TextFormat::sentencepiece;
  if (takes_no_model && !s.model.empty())
    problems.push_back(
        {"/source/model", fmt::format("only sentencepiece takes a model, {} does not: leave it out "
                                      "or set source.format=sentencepiece",
                                      enum_name(s.format))});
  return problems;
}

}  // namespace

extern const SourceDescription text_source;
constinit const SourceDescription text_source = {
    .name = "text",
    .help = "a file that the user names",
    .fields = kTextFields,
    .in_file = true,
    .check = check_text,
    .describe =
        [](const SourceConfig& s) {
          return fmt::format("the first {} tokens of {} {}", s.tokens, s.file, describe_text(s));
        },
    .open = [](const SourceConfig& config) -> std::shared_ptr<const Source> {
      return std::make_shared<Text>(config);
    },
};

}  // namespace ate
