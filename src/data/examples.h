// Sources that ask: the corpus is a row of examples of source.example tokens each, drawn independently. After some of its
// tokens an example asks for an answer, and these answers alone are scored. An answer is a function of the tokens up to
// where it is asked for, so its law is certain and the floor is 0 nats; each source's header says why.
#pragma once

#include <span>
#include <vector>

#include "data/source.h"
#include "random/counter.h"

namespace ate {

inline constexpr KindSetting kExampleSetting = {
    "example", int64_t{64}, between(2, 1 << 20),
    "tokens of an example, which is a window: windows.length where it is not set"};

// The uniform numbers of one example: each a function of (seed, example, site, i) alone.
class ExampleNumbers {
 public:
  ExampleNumbers(int64_t seed, uint32_t example) : key_{static_cast<uint32_t>(seed)}, example_(example) {}

  uint64_t bits(uint32_t site, uint64_t i) const {
    return word64(random_block(key_, Purpose::corpus, site, example_, i), 0);
  }
  double unit(uint32_t site, uint64_t i) const { return unit_interval(bits(site, i)); }
  // Uniform in {0, ..., n - 1}.
  int64_t below(uint32_t site, uint64_t i, int64_t n) const {
    return static_cast<int64_t>(ate::below(bits(site, i), static_cast<uint64_t>(n)));
  }
  // `count` of the weights' indices without replacement, each with a probability proportional to its weight among those
  // that are left.
  std::vector<int64_t> distinct(uint32_t site, int64_t count, std::vector<double> weights) const;
  // The same of {0, ..., n - 1} with equal weights.
  std::vector<int64_t> distinct(uint32_t site, int64_t count, int64_t n) const;

 private:
  RandomKey key_;
  uint32_t example_;
};

class Examples : public Source {
 public:
  explicit Examples(const SourceConfig& config);

  Corpus corpus(int64_t seed) const override;
  std::optional<double> entropy() const override { return 0; }
  const LawTable* laws() const override { return &table_; }
  // Certain where an answer can be asked for; elsewhere uniform, which says nothing: no target is there.
  void next_laws(std::span<const int64_t> window, std::span<NextLaw> laws) const override;

  // What the answer after each token of an example is if it is asked for there, by the tokens up to it; kNotAsked where
  // it cannot be.
  virtual void answers(std::span<const int64_t> tokens, std::span<int32_t> answers) const = 0;

 protected:
  // Draws an example's tokens. `asked` is false everywhere, and is to be set where an answer is asked for.
  virtual void draw(const ExampleNumbers& numbers, std::span<int64_t> tokens,
                    std::span<bool> asked) const = 0;

  SourceConfig config_;
  int64_t length_;  // of an example

 private:
  LawTable table_;  // one row, uniform
};

// Whole examples in the corpus.
int64_t examples_in(const SourceConfig& config);

// "1,600 examples of 64 tokens".
std::string describe_examples(const SourceConfig& config);

}  // namespace ate
