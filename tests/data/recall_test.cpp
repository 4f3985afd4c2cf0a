#include "data/recall.h"

#include <map>

#include "catch.h"
#include "data/zipf.h"
#include "helpers/sources.h"

using namespace ate;
using namespace ate::testing;

namespace {

SourceConfig recall(int64_t vocabulary, int64_t keys, int64_t values, int64_t distance, int64_t tokens) {
  SourceConfig config = source_of(SourceKind::recall, vocabulary, 1, tokens);
  config.keys = keys;
  config.values = values;
  config.distance = distance;
  return config;
}

// The source by brute force: a hidden Markov model over (what the last token was, the value of every key),
// whose filter gives the law of the next token given any window. Ids as the source has them.
class Filter {
 public:
  explicit Filter(const SourceConfig& config)
      : c_(config),
        mark_(config.vocabulary - 1 - config.keys - config.values),
        fillers_(zipf_probabilities(mark_, config.exponent)) {
    r_ = Recall::event_probability(config);
    for (int64_t k = 0; k < c_.keys; ++k) bindings_ *= c_.values;
  }

  // Laws of window[1], window[2], ... given the tokens before.
  std::vector<std::vector<double>> laws(const std::vector<int64_t>& window) {
    std::map<State, double> belief;
    const double per_event = 1 / (1 + 3 * r_);
    // Before the window: at a random token of the stationary corpus, so just before any of an event's tokens.
    for (int64_t b = 0; b < bindings_; ++b) {
      const double p = per_event / static_cast<double>(bindings_);
      belief[{kEvent, 0, b}] += p;
      belief[{kMark, 0, b}] += p * r_;
      for (int64_t k = 0; k < c_.keys; ++k) {
        belief[{kGiven, k, b}] += p * r_ / static_cast<double>(c_.keys);
        belief[{kAsked, k, b}] += p * r_ / static_cast<double>(c_.keys);
      }
    }
    std::vector<std::vector<double>> out;
    for (size_t t = 0; t < window.size(); ++t) {
      std::vector<double> law(static_cast<size_t>(c_.vocabulary));
      std::map<State, double> next;
      for (const auto& [state, p] : belief)
        for (const auto& [token, after, q] : moves(state)) {
          law[static_cast<size_t>(token)] += p * q;
          if (token == window[t]) next[after] += p * q;
        }
      if (t > 0) out.push_back(law);
      double total = 0;
      for (const auto& [state, p] : next) total += p;
      REQUIRE(total > 0);
      for (auto& [state, p] : next) p /= total;
      belief = std::move(next);
    }
    return out;
  }

 private:
  enum What { kEvent, kMark, kGiven, kAsked };  // what comes: an event, a key, a key's new or old value
  struct State {
    What what;
    int64_t key, binding;
    bool operator<(const State& o) const {
      return std::tie(what, key, binding) < std::tie(o.what, o.key, o.binding);
    }
  };
  struct Move {
    int64_t token;
    State after;
    double p;
  };

  int64_t digit(int64_t binding, int64_t key) const {
    for (; key > 0; --key) binding /= c_.values;
    return binding % c_.values;
  }
  int64_t replaced(int64_t binding, int64_t key, int64_t value) const {
    int64_t unit = 1;
    for (int64_t k = 0; k < key; ++k) unit *= c_.values;
    return binding + (value - digit(binding, key)) * unit;
  }
  std::vector<Move> moves(const State& s) const {
    std::vector<Move> out;
    const int64_t first_key = mark_ + 1;
    const int64_t first_value = first_key + c_.keys;
    const auto m = static_cast<double>(c_.keys);
    if (s.what == kEvent) {
      for (int64_t f = 0; f < mark_; ++f)
        out.push_back({f, {kEvent, 0, s.binding}, (1 - 2 * r_) * fillers_[static_cast<size_t>(f)]});
      out.push_back({mark_, {kMark, 0, s.binding}, r_});
      for (int64_t k = 0; k < c_.keys; ++k) out.push_back({first_key + k, {kGiven, k, s.binding}, r_ / m});
    } else if (s.what == kMark) {
      for (int64_t k = 0; k < c_.keys; ++k) out.push_back({first_key + k, {kAsked, k, s.binding}, 1 / m});
    } else if (s.what == kGiven) {
      for (int64_t v = 0; v < c_.values; ++v)
        out.push_back({first_value + v,
                       {kEvent, 0, replaced(s.binding, s.key, v)},
                       1 / static_cast<double>(c_.values)});
    } else {
      out.push_back({first_value + digit(s.binding, s.key), {kEvent, 0, s.binding}, 1});
    }
    return out;
  }

  SourceConfig c_;
  int64_t mark_;
  std::vector<double> fillers_;
  double r_ = 0;
  int64_t bindings_ = 1;
};

}  // namespace

TEST_CASE("the laws of a window are those of a filter over all hidden states", "[data]") {
  // Dense events, so that windows begin with values, keys and marks, and keys are asked for before they are given.
  const SourceConfig config = recall(8, 3, 2, 17, 60'000);
  const Recall source(config);
  const std::vector<int64_t> tokens = tokens_of(source.corpus(0));
  Filter filter(config);
  int orphans = 0;
  int mixtures = 0;
  for (size_t start = 0; start < 1200; ++start) {
    const std::vector<int64_t> window(tokens.begin() + static_cast<std::ptrdiff_t>(start),
                                      tokens.begin() + static_cast<std::ptrdiff_t>(start) + 25);
    const auto expected = filter.laws(window);
    const std::vector<NextLaw> laws = laws_in(source, window);
    double worst = 0;
    for (size_t t = 0; t < laws.size(); ++t) {
      for (int32_t x = 0; x < 8; ++x)
        worst = std::max(
            worst, std::abs(probability(*source.laws(), laws[t], x) - expected[t][static_cast<size_t>(x)]));
      mixtures += laws[t].weight > 0 && laws[t].weight < 1;
    }
    orphans += window[0] >= 6;
    CAPTURE(start, window);
    REQUIRE(worst < 1e-12);
  }
  CHECK(orphans > 100);
  CHECK(mixtures > 100);
}

TEST_CASE("an answer is certain when its key stands in the window, and not before", "[data]") {
  const Recall source(recall(20, 3, 4, 30, 10));
  // 12 fillers, the mark 12, keys 13 to 15, values 16 to 19.
  const auto law_after = [&](std::vector<int64_t> window) {
    std::vector<NextLaw> laws(window.size());
    source.next_laws(window, laws);
    return laws.back();
  };
  const auto p = [&](const NextLaw& law, int32_t token) { return probability(*source.laws(), law, token); };
  CHECK(p(law_after({14, 18, 0, 12, 14}), 18) == 1);         // in a pair
  CHECK(p(law_after({0, 12, 14, 19, 3, 12, 14}), 19) == 1);  // in a query
  CHECK(p(law_after({14, 18, 14, 17, 12, 14}), 17) == 1);    // the last value counts
  CHECK(p(law_after({14, 18, 0, 12, 15}), 18) == 0.25);      // another key
  CHECK(p(law_after({14, 18, 0, 14}), 18) == 0.25);          // no query: a new value
  CHECK(p(law_after({3, 12}), 13) == 1.0 / 3);               // any key is asked for
  CHECK(p(law_after({3, 12, 13}), 16) == 0.25);
  // The first value's key is one of three.
  CHECK(std::abs(p(law_after({18, 12, 13}), 18) - (1.0 / 3 + 2.0 / 3 * 0.25)) < 1e-15);
  CHECK(std::abs(p(law_after({18, 12, 14, 17, 12, 13}), 18) - (1.0 / 2 + 1.0 / 2 * 0.25)) < 1e-15);
}

TEST_CASE("answers are the value last given to their key", "[data]") {
  const SourceConfig config = recall(100, 4, 8, 40, 50'000);
  const std::vector<int64_t> tokens = tokens_of(Recall(config).corpus(1));
  const int64_t mark = 100 - 1 - 4 - 8;
  std::map<int64_t, int64_t> value;
  int answers = 0;
  for (size_t i = 1; i + 1 < tokens.size(); ++i) {
    if (tokens[i] <= mark || tokens[i] > mark + 4) continue;  // not a key
    const int64_t given = tokens[i + 1];
    REQUIRE(given > mark + 4);
    const bool asked = tokens[i - 1] == mark;
    if (asked && value.count(tokens[i]) > 0) {
      REQUIRE(given == value[tokens[i]]);
      ++answers;
    }
    value[tokens[i]] = given;
  }
  CHECK(answers > 1000);
}

TEST_CASE("a query's key stands as far from its pair as the distance says, on average", "[data]") {
  for (const auto& [keys, distance] : {std::pair{4, 32}, {4, 21}, {2, 100}, {16, 120}}) {
    CAPTURE(keys, distance);
    const SourceConfig config = recall(200, keys, 8, distance, 400'000);
    const std::vector<int64_t> tokens = tokens_of(Recall(config).corpus(2));
    const int64_t mark = 200 - 1 - keys - 8;
    std::map<int64_t, size_t> given_at;
    double sum = 0;
    double count = 0;
    for (size_t i = 1; i < tokens.size(); ++i) {
      if (tokens[i] <= mark || tokens[i] > mark + keys) continue;
      if (tokens[i - 1] != mark) {
        given_at[tokens[i]] = i;
      } else if (given_at.count(tokens[i]) > 0) {
        sum += static_cast<double>(i - given_at[tokens[i]]);
        ++count;
      }
    }
    // The distances are nearly geometric, so their deviation is about their mean; neighbours are correlated.
    CHECK(std::abs(sum / count / static_cast<double>(distance) - 1) < 8 / std::sqrt(count));
    CHECK(count > 3000);
  }
}

TEST_CASE("the entropy rate by hand", "[data]") {
  // 1 filler, 1 key, 2 values, no entropy in keys and fillers; r = 1 / (8 - 1 - 3) = 1/4.
  const Recall source(recall(5, 1, 2, 8, 10));
  CHECK(Recall::event_probability(recall(5, 1, 2, 8, 10)) == 0.25);
  const double event = 0.5 * std::log(2.0) + 2 * 0.25 * std::log(4.0);
  CHECK(std::abs(source.entropy().value() - (event + 0.25 * std::log(2.0)) / 1.75) < 1e-14);
}
