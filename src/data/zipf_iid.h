// zipf_iid: independent draws from the Zipf law, p(rank r) = r^-s / sum over k of k^-s, token id = r - 1.
//
// The past says nothing about the next token, so the unigram law is all there is to learn: the law of every
// target is that one row, and the entropy rate is its entropy.
#pragma once

#include "data/source.h"

namespace ate {

class ZipfIid : public Source {
 public:
  explicit ZipfIid(const SourceConfig& config);

  Corpus corpus(int64_t seed) const override;
  std::optional<double> entropy() const override { return table_.entropy[0]; }
  const LawTable* laws() const override { return &table_; }
  void next_laws(std::span<const int64_t> window, std::span<NextLaw> laws) const override;

 private:
  SourceConfig config_;
  LawTable table_;  // one row
};

}  // namespace ate
