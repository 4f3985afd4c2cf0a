// aggregate: what the last n tokens hold together. No few of them tell it, so a model that reads few keys must lose.
//
// The tokens of an example are independent, with the Zipf law of source.exponent over S symbols, 0 .. S - 1. After each token
// from the n-th on, n = source.last, an answer is asked for:
//   source.counts = false   the symbol that is most frequent among the last n, this token among them; of several the lowest.
//                           S = V.
//   source.counts = true    how often symbol 0 is among them: token S + c for c = 0 .. n. S = V - n - 1.
//
// Floor: 0 nats. The answer is a function of the last n tokens, which the window holds.
//
// One who reads k of the last n tokens, the best k there are, does not get below
//   counts   H(Binomial(n - k, p)), where p is symbol 0's probability: the count is that of the k read and, independent of it,
//            that of the others
//   else     the mean over what the k tokens may be of H(most frequent | these k), as answer_law has it
// for the tokens are exchangeable: which k are read does not matter, also where it is chosen by position or by what was
// read before. (Places that were not read say nothing but that they are other draws of the same law.)
#pragma once

#include "data/draw.h"
#include "data/examples.h"

namespace ate {

class Aggregate : public Examples {
 public:
  explicit Aggregate(const SourceConfig& config);

  void answers(std::span<const int64_t> tokens, std::span<int32_t> answers) const override;
  std::string token_text(int64_t token) const override;
  std::vector<SourceFact> facts() const override;

  // The law of the answer, over all V tokens, given how often each symbol is among the tokens read, of n.
  std::vector<double> answer_law(std::span<const int64_t> read) const;
  // The least loss of one who reads k of the last n tokens, nats; unset where what they may be is too much to go through.
  std::optional<double> least_loss_reading(int64_t k) const;

 protected:
  void draw(const ExampleNumbers& numbers, std::span<int64_t> tokens, std::span<bool> asked) const override;

 private:
  std::vector<double> count_law(std::span<const int64_t> read) const;
  std::vector<double> mode_law(std::span<const int64_t> read) const;

  int64_t last_;  // n
  bool counts_;
  std::vector<double> symbols_;  // the probability of each
  Inverse symbol_;
};

}  // namespace ate
