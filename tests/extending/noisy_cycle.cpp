// noisy_cycle: the next token is the last one plus 1, but for a share of draws that are uniform.
#include <cmath>

#include "data/draw.h"
#include "data/source.h"

namespace ate {
namespace {

constexpr KindSetting kNoise[] = {{"noise", 0.1, inside(0, 1), "share of the draws that are uniform"}};

class NoisyCycle : public Source {
 public:
  explicit NoisyCycle(const SourceConfig& config) : config_(config), noise_(config.own.real("noise")) {
    table_.vocabulary = config.vocabulary;
    table_.add_dense(std::vector<double>(static_cast<size_t>(config.vocabulary),
                                         1 / static_cast<double>(config.vocabulary)));
  }

  Corpus corpus(int64_t seed) const override {
    Corpus corpus = empty_corpus(*this, config_);
    const CorpusNumbers uniform(seed);
    const auto v = static_cast<double>(config_.vocabulary);
    int64_t last = 0;
    for (size_t i = 0; i < corpus.tokens.size(); ++i) {
      const double u = uniform(i);  // below the noise its size says which token
      last = u < noise_ ? static_cast<int64_t>(u / noise_ * v) : (last + 1) % config_.vocabulary;
      corpus.tokens[i] = static_cast<int32_t>(last);
    }
    return corpus;
  }

  std::optional<double> entropy() const override {
    const auto v = static_cast<double>(config_.vocabulary);
    const double other = noise_ / v;
    const double next = 1 - noise_ + other;
    return -next * std::log(next) - (v - 1) * other * std::log(other);
  }

  const LawTable* laws() const override { return &table_; }

  void next_laws(std::span<const int64_t> window, std::span<NextLaw> laws) const override {
    for (size_t i = 0; i < laws.size(); ++i)
      laws[i] = {0, 1 - noise_, static_cast<int32_t>((window[i] + 1) % config_.vocabulary)};
  }

 private:
  SourceConfig config_;
  double noise_;
  LawTable table_;  // one row: the uniform law
};

}  // namespace

extern const SourceDescription noisy_cycle_source;
constinit const SourceDescription noisy_cycle_source = {
    .name = "noisy_cycle",
    .help = "the last token plus 1, but for a share of uniform draws",
    .settings = kNoise,
    .describe = [](const SourceConfig& s) { return std::to_string(s.tokens) + " tokens of a noisy cycle"; },
    .open = [](const SourceConfig& config) -> std::shared_ptr<const Source> {
      return std::make_shared<NoisyCycle>(config);
    },
};

}  // namespace ate
