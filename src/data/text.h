// text: a file that the user names, as it is; every seed has the same corpus, and only what else is random
// differs between seeds. Its law is not known: there is no entropy, no floor and no excess loss.
//
//   bytes          a token is a byte; V = 256
//   characters     a token is a character of a text in UTF-8; V is the number of different ones (data/characters.h)
//   uint16, uint32, npy, llmc
//                  token ids (data/token_format.h); V is source.vocabulary, or one more than the largest id where
//                  that is not set
//   sentencepiece  text in UTF-8, cut line by line by a SentencePiece model; line ends (LF or CR LF) are no
//                  tokens; V is the model's
//
// The file is read piece by piece as windows are drawn (characters and pieces are cut once per process, into a
// temporary file), so it may be larger than memory. It must not change while a study runs.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "data/source.h"
#include "data/token_file.h"

namespace ate {

class Text : public Source {
 public:
  // `config` as settle_text left it.
  explicit Text(const SourceConfig& config);

  Corpus corpus(int64_t seed) const override;
  std::optional<double> entropy() const override { return std::nullopt; }
  const LawTable* laws() const override { return nullptr; }
  void next_laws(std::span<const int64_t> /*window*/, std::span<NextLaw> /*laws*/) const override {}

 private:
  SourceConfig config_;
  std::shared_ptr<const TokenFile> file_;
};

// What a config leaves to the file.
struct TextDefaults {
  bool whole_file = false;      // source.tokens was not set: take all of it
  bool any_vocabulary = false;  // source.vocabulary was not set: take what the ids need
};

struct SettledText {
  int64_t tokens_in_file = 0;
  std::vector<std::string> warnings;  // of what is probably not meant
};

// Reads the file once and sets what follows from it: format, vocabulary, tokens (the file's, or fewer where
// fewer were asked for) and content, the hash by which an experiment is named. Throws BadInput, addressed by
// the setting to change, for a file that cannot be read, is empty, or is not what the config says.
SettledText settle_text(SourceConfig& source, const TextDefaults& defaults);

// Share of a text's tokens that its SentencePiece model has no piece for; unset for other formats, and for a text that
// this process has not settled last.
std::optional<double> unknown_share(const SourceConfig& source);

}  // namespace ate
