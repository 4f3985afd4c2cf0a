#include "data/zipf_iid.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/derived.h"
#include "data/draw.h"
#include "data/zipf.h"

namespace ate {

ZipfIid::ZipfIid(const SourceConfig& config) : config_(config) {
  table_.vocabulary = config.vocabulary;
  table_.add_dense(zipf_probabilities(config.vocabulary, config.exponent));
}

Corpus ZipfIid::corpus(int64_t seed) const {
  const Inverse inverse(table_.dense);
  const CorpusNumbers uniform(seed);
  Corpus corpus = empty_corpus(*this, config_);
  for (size_t i = 0; i < corpus.tokens.size(); ++i) corpus.tokens[i] = inverse(uniform(i));
  return corpus;
}

void ZipfIid::next_laws(std::span<const int64_t> /*window*/, std::span<NextLaw> laws) const {
  std::fill(laws.begin(), laws.end(), NextLaw{});
}

extern const SourceDescription zipf_iid_source;
constinit const SourceDescription zipf_iid_source = {
    .name = "zipf_iid",
    .help = "independent draws, p(rank r) proportional to r^-exponent",
    .independent = true,
    .describe =
        [](const SourceConfig& s) {
          return fmt::format("{} independent draws of {} tokens, Zipf exponent {:g}", s.tokens, s.vocabulary,
                             s.exponent);
        },
    .open = [](const SourceConfig& config) -> std::shared_ptr<const Source> {
      return std::make_shared<ZipfIid>(config);
    },
};

}  // namespace ate
