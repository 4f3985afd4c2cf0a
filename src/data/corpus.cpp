#include "data/corpus.h"

#include <algorithm>

#include "config/derived.h"
#include "data/zipf.h"
#include "random/counter.h"

namespace ate {
namespace {

// Independent draws by inversion: token i depends on (seed, i) alone.
std::vector<int32_t> draw_zipf_iid(const SourceConfig& source, RandomKey key) {
  std::vector<double> cumulative = zipf_probabilities(source.vocabulary, source.exponent);
  double total = 0;
  for (double& p : cumulative) p = total += p;
  std::vector<int32_t> tokens(static_cast<size_t>(source.tokens));
  for (size_t i = 0; i < tokens.size(); i += 2) {
    const auto block = random_block(key, Purpose::corpus, 0, 0, i / 2);
    for (size_t half = 0; half < 2 && i + half < tokens.size(); ++half) {
      const double u = unit_interval(word64(block, static_cast<int>(half))) * total;
      const auto rank = std::upper_bound(cumulative.begin(), cumulative.end(), u) - cumulative.begin();
      tokens[i + half] = static_cast<int32_t>(std::min<int64_t>(rank, source.vocabulary - 1));
    }
  }
  return tokens;
}

}  // namespace

Corpus make_corpus(const SourceConfig& source, int64_t seed) {
  Corpus corpus;
  switch (source.kind) {
    case SourceKind::zipf_iid:
      corpus.tokens = draw_zipf_iid(source, RandomKey{static_cast<uint32_t>(seed)});
      break;
  }
  corpus.vocabulary = source.vocabulary;
  corpus.training = training_tokens(source);
  corpus.entropy = source_entropy(source);
  return corpus;
}

std::optional<double> source_entropy(const SourceConfig& source) {
  switch (source.kind) {
    case SourceKind::zipf_iid:
      return entropy_nats(zipf_probabilities(source.vocabulary, source.exponent));
  }
  return std::nullopt;
}

}  // namespace ate
