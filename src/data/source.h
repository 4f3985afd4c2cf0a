// Where a corpus comes from, and what is known of it exactly. Each kind is a file of this folder, which states
// its law.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "config/config.h"
#include "data/corpus.h"
#include "data/law.h"

namespace ate {

// A number that the law tells, for people.
struct SourceFact {
  std::string name;  // for machines: "loss_without_lookup"
  double value;
  std::string help;  // unit and meaning
};

class Source {
 public:
  virtual ~Source() = default;

  // Draws the corpus of one seed: a pure function of the config and the seed.
  virtual Corpus corpus(int64_t seed) const = 0;

  // Entropy rate in nats per token (of a source that asks, per answer), where it is known: however much of the past a
  // model sees, its expected loss is not lower.
  virtual std::optional<double> entropy() const = 0;

  // The rows that next_laws refers to; nullptr where the law is not known.
  virtual const LawTable* laws() const = 0;

  // laws[t] is the law of the token after window[0], ..., window[t] for one who sees these tokens and nothing
  // before them; of a source that asks, that of the answer. Only where laws() is known.
  virtual void next_laws(std::span<const int64_t> window, std::span<NextLaw> laws) const = 0;

  // A token for people; its id where there is nothing better.
  virtual std::string token_text(int64_t token) const { return std::to_string(token); }
  virtual std::vector<SourceFact> facts() const { return {}; }
};

// The source that a config describes. The one asked for last is kept, so asking again costs nothing. Throws
// BadInput for a file that cannot be read or is not what the config says.
std::shared_ptr<const Source> open_source(const SourceConfig& config);

}  // namespace ate
