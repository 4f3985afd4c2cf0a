#include "data/recall.h"

#include <fmt/format.h>

#include <cmath>

#include "data/draw.h"
#include "data/zipf.h"

namespace ate {
namespace {

enum Row : int64_t { kEvent = 0, kAnyKey = 1, kAnyValue = 2 };
enum Site : uint32_t { kWhat = 0, kValue = 1, kStart = 2 };  // of the random numbers

constexpr int64_t kUnknown = -1;

std::vector<double> uniform_over(int64_t vocabulary, int64_t first, int64_t count) {
  std::vector<double> row(static_cast<size_t>(vocabulary));
  std::fill_n(row.begin() + first, count, 1.0 / static_cast<double>(count));
  return row;
}

// What a window has told about the value of each key.
class Known {
 public:
  Known(int64_t keys, int64_t values, int64_t orphan)
      : value_(static_cast<size_t>(keys), kUnknown),
        values_(static_cast<double>(values)),
        orphan_(orphan),
        weight_(static_cast<double>(keys)) {}

  // The law of the answer to a query for `key`; ids of values are counted from `first_value`.
  NextLaw answer(int64_t key, int64_t first_value) const {
    const int64_t known = value_[static_cast<size_t>(key)];
    if (known != kUnknown) return {kAnyValue, 1, static_cast<int32_t>(first_value + known)};
    if (orphan_ == kUnknown) return {kAnyValue};
    return {kAnyValue, 1 / weight_, static_cast<int32_t>(first_value + orphan_)};
  }
  void see(int64_t key, int64_t value, bool in_query) {
    int64_t& known = value_[static_cast<size_t>(key)];
    // Each key weighs 1 as long as the window says nothing of whether the first value was its own.
    if (in_query && known == kUnknown) weight_ += (value == orphan_ ? values_ : 0.0) - 1;
    known = value;
  }

 private:
  std::vector<int64_t> value_;
  double values_;
  int64_t orphan_;  // the value that the window begins with
  double weight_;   // of all keys, as that value's
};

}  // namespace

double Recall::event_probability(const SourceConfig& config) {
  const auto m = static_cast<double>(config.keys);
  return m / (static_cast<double>(config.distance) - 1 - 3 * m);
}

Recall::Recall(const SourceConfig& config)
    : config_(config),
      mark_(config.vocabulary - 1 - config.keys - config.values),
      first_key_(mark_ + 1),
      first_value_(first_key_ + config.keys) {
  const double r = event_probability(config);
  std::vector<double> event(static_cast<size_t>(config.vocabulary));
  const std::vector<double> fillers = zipf_probabilities(mark_, config.exponent);
  for (size_t i = 0; i < fillers.size(); ++i) event[i] = (1 - 2 * r) * fillers[i];
  event[static_cast<size_t>(mark_)] = r;
  for (int64_t key = 0; key < config.keys; ++key)
    event[static_cast<size_t>(first_key_ + key)] = r / static_cast<double>(config.keys);
  table_.vocabulary = config.vocabulary;
  table_.add_dense(event);
  table_.add_dense(uniform_over(config.vocabulary, first_key_, config.keys));
  table_.add_dense(uniform_over(config.vocabulary, first_value_, config.values));
  entropy_ =
      (table_.entropy[kEvent] + r * table_.entropy[kAnyValue] + r * table_.entropy[kAnyKey]) / (1 + 3 * r);
}

Corpus Recall::corpus(int64_t seed) const {
  const RandomKey key{static_cast<uint32_t>(seed)};
  const auto draw = [&](Site site, uint64_t index) {
    return random_block(key, Purpose::corpus, site, 0, index);
  };
  const auto any = [](uint64_t bits, int64_t count) {
    return static_cast<int64_t>(below(bits, static_cast<uint64_t>(count)));
  };
  std::vector<int64_t> value(static_cast<size_t>(config_.keys));
  for (size_t k = 0; k < value.size(); ++k) value[k] = any(word64(draw(kStart, k), 0), config_.values);

  const Inverse first_token(std::span(table_.dense).first(static_cast<size_t>(config_.vocabulary)));
  Corpus corpus = empty_corpus(*this, config_);
  size_t length = 0;
  const auto put = [&](int64_t token) {
    if (length < corpus.tokens.size()) corpus.tokens[length++] = static_cast<int32_t>(token);
  };
  for (uint64_t event = 0; length < corpus.tokens.size(); ++event) {
    const auto block = draw(kWhat, event);
    const int64_t first = first_token(unit_interval(word64(block, 0)));
    put(first);
    if (first == mark_) {
      const int64_t asked = any(word64(block, 1), config_.keys);
      put(first_key_ + asked);
      put(first_value_ + value[static_cast<size_t>(asked)]);
    } else if (first > mark_) {
      const int64_t given = any(word64(draw(kValue, event), 0), config_.values);
      value[static_cast<size_t>(first - first_key_)] = given;
      put(first_value_ + given);
    }
  }
  return corpus;
}

void Recall::next_laws(std::span<const int64_t> window, std::span<NextLaw> laws) const {
  const bool begins_with_value = window[0] >= first_value_;
  Known known(config_.keys, config_.values, begins_with_value ? window[0] - first_value_ : kUnknown);
  for (size_t t = 0; t < laws.size(); ++t) {
    const int64_t token = window[t];
    const bool is_key = token >= first_key_ && token < first_value_;
    if (token == mark_) {
      laws[t] = {kAnyKey};
    } else if (is_key) {
      const bool in_query = t > 0 && window[t - 1] == mark_;
      laws[t] = in_query ? known.answer(token - first_key_, first_value_) : NextLaw{kAnyValue};
    } else {
      laws[t] = {kEvent};
      if (token >= first_value_ && t > 0)
        known.see(window[t - 1] - first_key_, token - first_value_, t > 1 && window[t - 2] == mark_);
    }
  }
}

std::string Recall::token_text(int64_t token) const {
  if (token < mark_) return std::to_string(token);
  if (token == mark_) return "?";
  return token < first_value_ ? fmt::format("k{}", token - first_key_)
                              : fmt::format("v{}", token - first_value_);
}

namespace {

constexpr const char* kRecallFields[] = {"keys", "values", "distance"};

std::vector<Problem> check_recall(const SourceConfig& s) {
  std::vector<Problem> problems;
  if (s.vocabulary < s.keys + s.values + 2)
    problems.push_back(
        {"/source/vocabulary",
         fmt::format("{} keys, {} values, the mark of a query and a filler do not fit into {} tokens: set "
                     "source.vocabulary to at least {}",
                     s.keys, s.values, s.vocabulary, s.keys + s.values + 2)});
  if (s.distance < 5 * s.keys + 1)
    problems.push_back(
        {"/source/distance",
         fmt::format("{} keys are {} tokens from their queries on average even without fillers: set "
                     "source.distance to at least that, or fewer source.keys",
                     s.keys, 5 * s.keys + 1)});
  return problems;
}

}  // namespace

extern const SourceDescription recall_source;
constinit const SourceDescription recall_source = {
    .name = "recall",
    .help = "keys with values, asked for later, among fillers",
    .fields = kRecallFields,
    .reaches_past_window = true,
    .check = check_recall,
    .describe =
        [](const SourceConfig& s) {
          return fmt::format(
              "{} tokens of {} keys with {} values among {} fillers (Zipf exponent {:g}), asked for {} "
              "tokens later "
              "on average",
              s.tokens, s.keys, s.values, s.vocabulary - s.keys - s.values - 1, s.exponent, s.distance);
        },
    .open = [](const SourceConfig& config) -> std::shared_ptr<const Source> {
      return std::make_shared<Recall>(config);
    },
};

}  // namespace ate
