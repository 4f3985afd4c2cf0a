// copy: the selective copying of MAD (Poli et al. 2024, arXiv 2403.17844; athms/mad-lab, mad/data/instances.py,
// generate_selective_copying_instance).
//
// Tokens: the symbols are 0 .. V - 3, V - 2 is the blank, V - 1 the mark. An example of T tokens with n = source.copied is
//   n symbols among T - 2n - 1 blanks   the symbols are uniform and independent; each blank draws, uniformly and
//                                       independently, one of the n symbols and goes before it
//   the mark
//   n blanks                            after the i-th of them the i-th symbol is asked for
// The answers are not in the input.
//
// Floor: 0 nats. The symbols all come before the mark, in their order, and which one is asked for is told by the place.
//
// MAD has V = 16, T = 256, n = 16 and 12,800 examples to train on.
#pragma once

#include "data/examples.h"

namespace ate {

class Copy : public Examples {
 public:
  explicit Copy(const SourceConfig& config) : Examples(config), copied_(config.own.whole("copied")) {}

  void answers(std::span<const int64_t> tokens, std::span<int32_t> answers) const override;
  std::string token_text(int64_t token) const override;
  std::vector<SourceFact> facts() const override;

 protected:
  void draw(const ExampleNumbers& numbers, std::span<int64_t> tokens, std::span<bool> asked) const override;

 private:
  int64_t blank() const { return config_.vocabulary - 2; }

  int64_t copied_;
};

}  // namespace ate
