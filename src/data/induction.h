// induction: the in-context recall of MAD (Poli et al. 2024, "Mechanistic Design and Scaling of Hybrid Architectures", arXiv
// 2403.17844; athms/mad-lab, mad/data/instances.py, generate_in_context_recall_instance with multi_query).
//
// Tokens: the keys are 0 .. h - 1 and the values h .. V - 1, where h is V / 2 rounded down. An example of T tokens, T even, is
// T / 2 pairs of a key and a value. The keys are uniform over the h, but the last one is uniform over those that the example
// has had. A key's value is drawn uniformly when the key first comes, and is the same ever after in the example. After a key
// that came before, its value is asked for; the token after it is that value.
//
// Floor: 0 nats. An answer is asked for only after a key that came before, and the token after it there is the answer.
//
// MAD has V = 16, T = 128 and 12,800 examples to train on. It trains on every next token and scores the answers; here both are
// on the answers. MAD cuts off the last value, after which nothing is asked; it is here.
#pragma once

#include "data/examples.h"

namespace ate {

class Induction : public Examples {
 public:
  explicit Induction(const SourceConfig& config) : Examples(config), keys_(config.vocabulary / 2) {}

  void answers(std::span<const int64_t> tokens, std::span<int32_t> answers) const override;
  std::string token_text(int64_t token) const override;
  std::vector<SourceFact> facts() const override;

 protected:
  void draw(const ExampleNumbers& numbers, std::span<int64_t> tokens, std::span<bool> asked) const override;

 private:
  int64_t keys_;  // h
};

}  // namespace ate
