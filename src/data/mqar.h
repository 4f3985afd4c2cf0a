// mqar: multi-query associative recall, as figure 2 of Arora et al. 2023 ("Zoology: Measuring and Improving Recall in
// Efficient Language Models", arXiv 2312.04927) sets it and its code draws it (HazyResearch/zoology,
// zoology/data/multiquery_ar.py and the configs of that figure).
//
// Tokens: 0 fills; the keys are 1 .. h - 1 and the values h .. V - 1, where h is V / 2 rounded down. An example of T
// tokens with n = source.pairs pairs is
//   key, value, key, value, ...   2n tokens: the n keys are drawn without replacement, and so are the n values
//   queries among fillers         T - 2n tokens, cut into m = (T - 2n) / 2 slots of two, rounded down. Each key gets a slot:
//                                 in the pairs' order they draw slots without replacement, slot i = 1 .. m with a weight
//                                 of i^(power - 1), which is i^-.99 by default. The key is the slot's first token.
// All else is 0, or with source.random_fill uniform over all V tokens, keys and values too (the code's random_non_queries,
// which figure 2 has off). After a query, and only there, the key's value is asked for. It is not in the input: what follows a
// query is a filler.
//
// Floor: 0 nats. A query is at or after place 2n. The first 2n tokens, all before it, hold its key once, as the keys of an
// example are distinct, and the token after that one is the answer. So the answer is a function of the tokens that the model
// has seen.
//
// Figure 2 has V = 8192 and (T, n) = (64, 4), (128, 8), (256, 16), with 100,000 examples to train on and 3,000 to test.
#pragma once

#include <vector>

#include "data/examples.h"

namespace ate {

class Mqar : public Examples {
 public:
  explicit Mqar(const SourceConfig& config);

  void answers(std::span<const int64_t> tokens, std::span<int32_t> answers) const override;
  std::string token_text(int64_t token) const override;
  std::vector<SourceFact> facts() const override;

 protected:
  void draw(const ExampleNumbers& numbers, std::span<int64_t> tokens, std::span<bool> asked) const override;

 private:
  int64_t pairs_;
  int64_t first_value_;        // h
  std::vector<double> slots_;  // the weight of each
  bool random_fill_;
};

}  // namespace ate
