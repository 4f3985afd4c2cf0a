// A corpus: tokens, cut once into a leading training part and a trailing validation part.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "config/config.h"

namespace ate {

struct Corpus {
  std::vector<int32_t> tokens;
  int64_t vocabulary = 0;         // every token is in [0, vocabulary)
  int64_t training = 0;           // length of the training part
  std::optional<double> entropy;  // of the source, nats per token, where its law is known

  std::span<const int32_t> training_part() const { return {tokens.data(), static_cast<size_t>(training)}; }
  std::span<const int32_t> validation_part() const {
    return std::span(tokens).subspan(static_cast<size_t>(training));
  }
};

// Draws the corpus of one seed. All arms of a seed have the same corpus, also in published mode.
Corpus make_corpus(const SourceConfig& source, int64_t seed);

// Entropy of the source in nats per token where its law is known; no corpus is drawn.
std::optional<double> source_entropy(const SourceConfig& source);

}  // namespace ate
