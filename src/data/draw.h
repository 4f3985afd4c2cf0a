// What sources draw their tokens with.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include "config/derived.h"
#include "data/source.h"
#include "random/counter.h"

namespace ate {

// The corpus's uniform numbers in [0, 1): number i depends on (seed, i) alone. Two stand in a block.
class CorpusNumbers {
 public:
  explicit CorpusNumbers(int64_t seed) : key_{static_cast<uint32_t>(seed)} {}

  double operator()(uint64_t i) const {
    return unit_interval(word64(random_block(key_, Purpose::corpus, 0, 0, i / 2), i % 2));
  }

 private:
  RandomKey key_;
};

// Draws from a law by inversion: the first outcome whose cumulative probability exceeds a uniform number.
class Inverse {
 public:
  Inverse() = default;
  explicit Inverse(std::span<const double> probabilities) : cumulative_(probabilities.size()) {
    double total = 0;
    for (size_t i = 0; i < cumulative_.size(); ++i) cumulative_[i] = total += probabilities[i];
  }

  int32_t operator()(double uniform) const {
    const double u = uniform * cumulative_.back();
    const auto rank = std::upper_bound(cumulative_.begin(), cumulative_.end(), u) - cumulative_.begin();
    return static_cast<int32_t>(std::min(rank, static_cast<std::ptrdiff_t>(cumulative_.size()) - 1));
  }

 private:
  std::vector<double> cumulative_;
};

// A corpus with all that the config tells; its tokens are all 0.
inline Corpus empty_corpus(const Source& source, const SourceConfig& config) {
  Corpus corpus;
  corpus.tokens.resize(static_cast<size_t>(config.tokens));
  corpus.vocabulary = config.vocabulary;
  corpus.training = training_tokens(config);
  corpus.entropy = source.entropy();
  return corpus;
}

}  // namespace ate
