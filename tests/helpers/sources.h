// What every source with a known law must fulfil, held against its corpus.
#pragma once

#include <cmath>
#include <vector>

#include "data/source.h"

namespace ate::testing {

inline SourceConfig source_of(SourceKind kind, int64_t vocabulary, double exponent, int64_t tokens) {
  SourceConfig config;
  config.kind = kind;
  config.vocabulary = vocabulary;
  config.exponent = exponent;
  config.tokens = tokens;
  return config;
}

inline std::vector<int64_t> tokens_of(const Corpus& corpus) {
  std::vector<int64_t> tokens(static_cast<size_t>(corpus.size()));
  corpus.read(0, tokens);
  return tokens;
}

// Laws of the targets of a window, which is all of it but its first token.
inline std::vector<NextLaw> laws_in(const Source& source, std::span<const int64_t> window) {
  std::vector<NextLaw> laws(window.size() - 1);
  source.next_laws(window, laws);
  return laws;
}

// How well the laws foretell a corpus read as one window.
struct Foretold {
  double loss = 0;            // mean of -ln p(token)
  double standard_error = 0;  // of its distance to `entropy`: of the mean of -ln p(token) - H(law)
  double entropy = 0;         // mean of H(law)
};

inline Foretold foretell(const Source& source, int64_t seed) {
  const std::vector<int64_t> tokens = tokens_of(source.corpus(seed));
  const std::vector<NextLaw> laws = laws_in(source, tokens);
  Foretold out;
  double squares = 0;
  const auto n = static_cast<double>(laws.size());
  for (size_t i = 0; i < laws.size(); ++i) {
    const double loss = -std::log(probability(*source.laws(), laws[i], static_cast<int32_t>(tokens[i + 1])));
    const double entropy = entropy_nats(*source.laws(), laws[i]);
    out.loss += loss / n;
    out.entropy += entropy / n;
    squares += (loss - entropy) * (loss - entropy) / n;
  }
  out.standard_error = std::sqrt(squares / n);
  return out;
}

// Largest distance from 1 of the sum of a law's probabilities over all tokens.
inline double worst_sum(const Source& source, std::span<const NextLaw> laws) {
  double worst = 0;
  for (const NextLaw& law : laws) {
    double sum = 0;
    for (int32_t x = 0; x < source.laws()->vocabulary; ++x) sum += probability(*source.laws(), law, x);
    worst = std::max(worst, std::abs(sum - 1));
  }
  return worst;
}

}  // namespace ate::testing
