// zipf_markov: a Markov chain whose every token has the Zipf law p of zipf_iid, from the first one on, exactly.
// Its graph (metropolis_chain) is drawn from source.law_seed alone; a study's seeds draw from one law.
//
// Order 1. P(x | b) = P_bx, the chain of metropolis_chain. The law of a pair (b, x) is p_b P_bx, and the entropy
// rate is sum over b of p_b H(P_b.).
//
// Order 2. The chain moves from the token before the last, a, over one of two graphs; the last token, b, says
// which: P(x | a, b) = P^(b mod 2)_ax. If a and b are independent with law p, then b and x are too, because
//   sum over a of p_a p_b P^(k)_ax = p_b p_x
// for either k. So with the first two tokens drawn from p independently, every pair of adjacent tokens is
// independent: one token of context says nothing about the next, two say the most that can be known. The law of
// a triple is p_a p_b P^(b mod 2)_ax, and the entropy rate is
//   sum over k = 0, 1 of (sum of p_b over b mod 2 = k) * (sum over a of p_a H(P^(k)_a.)).
//
// Both are exact for a model that sees a window: what stands before it says no more, but for the first target
// at order 2, where only b is seen and the law is p, as just shown.
#pragma once

#include "data/draw.h"
#include "data/markov_chain.h"
#include "data/source.h"

namespace ate {

class ZipfMarkov : public Source {
 public:
  explicit ZipfMarkov(const SourceConfig& config);

  Corpus corpus(int64_t seed) const override;
  std::optional<double> entropy() const override { return entropy_; }
  const LawTable* laws() const override { return &table_; }
  void next_laws(std::span<const int64_t> window, std::span<NextLaw> laws) const override;

  const std::vector<double>& stationary() const { return stationary_; }
  const std::vector<MarkovChain>& chains() const { return chains_; }

 private:
  // The row of the token after a, b; order 1 looks at b alone.
  int64_t row_after(int64_t a, int64_t b) const;

  SourceConfig config_;
  std::vector<double> stationary_;
  std::vector<MarkovChain> chains_;  // one of order 1, two of order 2
  LawTable table_;                   // order 2: p itself, then the rows of each chain
  double entropy_ = 0;
};

}  // namespace ate
