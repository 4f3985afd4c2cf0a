#include "data/zipf_markov.h"

#include <fmt/format.h>

#include "data/zipf.h"

namespace ate {
namespace {

std::vector<MarkovChain> make_chains(const SourceConfig& config, const std::vector<double>& stationary) {
  const RandomKey key{static_cast<uint32_t>(config.law_seed)};
  std::vector<MarkovChain> chains;
  for (int64_t graph = 0; graph < config.order; ++graph)
    chains.push_back(metropolis_chain(stationary, config.neighbours, key, static_cast<uint32_t>(graph)));
  return chains;
}

void append(LawTable& table, const MarkovChain& chain) {
  if (table.first.empty()) table.first.push_back(0);
  const auto offset = static_cast<int64_t>(table.token.size());
  table.token.insert(table.token.end(), chain.token.begin(), chain.token.end());
  table.probability.insert(table.probability.end(), chain.probability.begin(), chain.probability.end());
  for (size_t state = 0; state < chain.states(); ++state) {
    table.first.push_back(offset + chain.first[state + 1]);
    table.entropy.push_back(entropy_nats(chain.probabilities_after(state)));
  }
}

}  // namespace

ZipfMarkov::ZipfMarkov(const SourceConfig& config)
    : config_(config),
      stationary_(zipf_probabilities(config.vocabulary, config.exponent)),
      chains_(make_chains(config, stationary_)) {
  table_.vocabulary = config.vocabulary;
  if (config.order == 2) table_.add_dense(stationary_);
  for (const MarkovChain& chain : chains_) append(table_, chain);

  Sum entropy;
  for (size_t k = 0; k < chains_.size(); ++k) {
    Sum share;  // how often this chain is the one that moves
    for (size_t b = k; b < stationary_.size(); b += chains_.size()) share.add(stationary_[b]);
    for (size_t a = 0; a < stationary_.size(); ++a)
      entropy.add(share.value() * stationary_[a] * entropy_nats(chains_[k].probabilities_after(a)));
  }
  entropy_ = entropy.value();
}

int64_t ZipfMarkov::row_after(int64_t a, int64_t b) const {
  return config_.order == 1 ? b : 1 + (b % 2) * config_.vocabulary + a;
}

Corpus ZipfMarkov::corpus(int64_t seed) const {
  const CorpusNumbers uniform(seed);
  const Inverse first(stationary_);
  std::vector<Inverse> after;
  for (const MarkovChain& chain : chains_)
    for (size_t state = 0; state < chain.states(); ++state)
      after.emplace_back(chain.probabilities_after(state));

  Corpus corpus = empty_corpus(*this, config_);
  std::vector<int32_t>& tokens = corpus.tokens;
  const auto order = static_cast<size_t>(config_.order);
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (i < order) {
      tokens[i] = first(uniform(i));
      continue;
    }
    const auto state = static_cast<size_t>(tokens[i - order]);
    const size_t k = order == 1 ? 0 : static_cast<size_t>(tokens[i - 1]) % 2;
    const auto entry = static_cast<size_t>(after[k * chains_[k].states() + state](uniform(i)));
    tokens[i] = chains_[k].tokens_after(state)[entry];
  }
  return corpus;
}

void ZipfMarkov::next_laws(std::span<const int64_t> window, std::span<NextLaw> laws) const {
  for (size_t t = 0; t < laws.size(); ++t) {
    const bool seen = t > 0 || config_.order == 1;
    laws[t] = NextLaw{seen ? row_after(t > 0 ? window[t - 1] : 0, window[t]) : 0};
  }
}

namespace {

constexpr const char* kMarkovFields[] = {"order", "neighbours", "law_seed"};

}  // namespace

extern const SourceDescription zipf_markov_source;
constinit const SourceDescription zipf_markov_source = {
    .name = "zipf_markov",
    .help = "a Markov chain over a sparse random graph with that stationary law",
    .fields = kMarkovFields,
    .describe =
        [](const SourceConfig& s) {
          return fmt::format(
              "{} tokens of a Markov chain of order {} over {} tokens, stationary law Zipf with exponent "
              "{:g}; "
              "{} neighbours drawn, law seed {}",
              s.tokens, s.order, s.vocabulary, s.exponent, s.neighbours, s.law_seed);
        },
    .open = [](const SourceConfig& config) -> std::shared_ptr<const Source> {
      return std::make_shared<ZipfMarkov>(config);
    },
};

}  // namespace ate
