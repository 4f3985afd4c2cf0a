// recall: keys are given values, and are asked for later. Attention is needed, by content: where the pair stands
// cannot be told from the position.
//
// Tokens: F = V - 1 - m - n fillers, the mark that opens a query, m keys, n values, in this order of ids. The
// corpus is a sequence of independent events:
//   pair    probability r       key, value           the key is uniform over the m keys, the value over the n
//   query   probability r       mark, key, answer    the key is uniform; the answer is its value in its last pair
//   filler  probability 1 - 2r  filler               Zipf over the F fillers, with source.exponent
// Before the first token every key has a value, uniform too. From the key in a query back to the same key in its
// last pair it is distance = 1 + 3m + m/r tokens on average (the number of events between is geometric), which
// sets r = m / (distance - 1 - 3m); r is at most 1/2, so distance is at least 5m + 1.
//
// Entropy rate, with the whole past known, where the answer is certain:
//   (H(first token of an event) + r ln n + r ln m) / (1 + 3r)
// where 1 + 3r is the mean length of an event. No model of any window gets below it.
//
// A model that sees a window of T tokens knows less, and next_laws is its exact law. The kind of the last token
// tells what comes next: after a filler or a value an event begins; after the mark comes a key; after a key its
// value. A value is certain (weight 1) in a query whose key stands in the window before, in a pair or a query.
// In a query for a key not seen it is uniform, but for one thing: a window may begin with a value whose key
// stands before it. That key is any of the m with equal probability, until queries for keys not seen before tell
// more: one answered by another value cannot be it, one answered by that very value is n times as likely. So
// its share goes to that value.
#pragma once

#include "data/source.h"

namespace ate {

class Recall : public Source {
 public:
  explicit Recall(const SourceConfig& config);

  Corpus corpus(int64_t seed) const override;
  std::optional<double> entropy() const override { return entropy_; }
  const LawTable* laws() const override { return &table_; }
  void next_laws(std::span<const int64_t> window, std::span<NextLaw> laws) const override;
  std::string token_text(int64_t token) const override;

  // r, of a pair and of a query, for these settings.
  static double event_probability(const SourceConfig& config);

 private:
  SourceConfig config_;
  int64_t mark_;         // its id; also the number of fillers
  int64_t first_key_;    // id of key 0
  int64_t first_value_;  // id of value 0
  LawTable table_;       // rows: first token of an event, any key, any value
  double entropy_ = 0;
};

}  // namespace ate
