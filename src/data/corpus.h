// A corpus: tokens, cut once into a leading training part and a trailing validation part.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "config/config.h"

namespace ate {

class TokenFile;

// The answer at a place where none is asked for.
inline constexpr int32_t kNotAsked = -1;

struct Corpus {
  std::vector<int32_t> tokens;              // empty where they stay in a file
  int64_t vocabulary = 0;                   // every token is in [0, vocabulary)
  int64_t training = 0;                     // length of the training part
  std::optional<double> entropy;            // of the source, nats per token, where its law is known
  std::shared_ptr<const TokenFile> file{};  // read piece by piece, so that it may be larger than memory
  int64_t length = 0;                       // of the corpus in that file
  // Of a source that asks: the answer that a model is to give after the token of each place, or kNotAsked. Empty for
  // others, whose target is the next token.
  std::vector<int32_t> answers{};

  int64_t size() const { return file ? length : static_cast<int64_t>(tokens.size()); }
  // The tokens from `first` on, as many as `out` takes.
  void read(int64_t first, std::span<int64_t> out) const;
  // Their answers; only of a source that asks.
  void read_answers(int64_t first, std::span<int64_t> out) const;
  // How often each token occurs among the first ones.
  std::vector<int64_t> counts(int64_t first_tokens) const;

  // Views of tokens in memory.
  std::span<const int32_t> training_part() const { return {tokens.data(), static_cast<size_t>(training)}; }
  std::span<const int32_t> validation_part() const {
    return std::span(tokens).subspan(static_cast<size_t>(training));
  }
};

// Draws the corpus of one seed. All arms of a seed have the same corpus, also in published mode.
Corpus make_corpus(const SourceConfig& source, int64_t seed);

// Entropy rate of the source in nats per token where its law is known; no corpus is drawn.
std::optional<double> source_entropy(const SourceConfig& source);

}  // namespace ate
