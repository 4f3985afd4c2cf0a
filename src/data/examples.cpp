#include "data/examples.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "config/derived.h"
#include "data/draw.h"
#include "support/names.h"

namespace ate {

std::vector<int64_t> ExampleNumbers::distinct(uint32_t site, int64_t count,
                                              std::vector<double> weights) const {
  std::vector<int64_t> out;
  for (int64_t i = 0; i < count; ++i) {
    out.push_back(Inverse(weights)(unit(site, static_cast<uint64_t>(i))));
    weights[static_cast<size_t>(out.back())] = 0;
  }
  return out;
}

std::vector<int64_t> ExampleNumbers::distinct(uint32_t site, int64_t count, int64_t n) const {
  std::vector<int64_t> out;
  std::vector<int64_t> taken;  // ascending
  for (int64_t i = 0; i < count; ++i) {
    int64_t which = below(site, static_cast<uint64_t>(i), n - i);  // of those that are left
    auto place = taken.begin();
    for (; place != taken.end() && *place <= which; ++place) ++which;
    taken.insert(place, which);
    out.push_back(which);
  }
  return out;
}

Examples::Examples(const SourceConfig& config) : config_(config), length_(example_length(config)) {
  table_.vocabulary = config.vocabulary;
  table_.add_dense(std::vector<double>(static_cast<size_t>(config.vocabulary),
                                       1 / static_cast<double>(config.vocabulary)));
}

Corpus Examples::corpus(int64_t seed) const {
  Corpus corpus = empty_corpus(*this, config_);
  corpus.answers.assign(corpus.tokens.size(), kNotAsked);
  const auto length = static_cast<size_t>(length_);
  std::vector<int64_t> tokens(length);
  std::vector<int32_t> answer(length);
  const auto asked = std::make_unique<bool[]>(length);
  for (int64_t example = 0; example < examples_in(config_); ++example) {
    std::fill_n(asked.get(), length, false);
    draw({seed, static_cast<uint32_t>(example)}, tokens, {asked.get(), length});
    answers(tokens, answer);
    const auto first = static_cast<size_t>(example) * length;
    for (size_t t = 0; t < length; ++t) {
      corpus.tokens[first + t] = static_cast<int32_t>(tokens[t]);
      if (asked[t]) corpus.answers[first + t] = answer[t];
    }
  }
  return corpus;
}

void Examples::next_laws(std::span<const int64_t> window, std::span<NextLaw> laws) const {
  std::vector<int32_t> answer(laws.size());
  answers(window.first(laws.size()), answer);
  for (size_t t = 0; t < laws.size(); ++t)
    laws[t] = answer[t] == kNotAsked ? NextLaw{} : NextLaw{0, 1, answer[t]};
}

int64_t examples_in(const SourceConfig& config) { return config.tokens / example_length(config); }

std::string describe_examples(const SourceConfig& config) {
  return fmt::format("{} examples of {} tokens", with_commas(std::to_string(examples_in(config))),
                     example_length(config));
}

}  // namespace ate
