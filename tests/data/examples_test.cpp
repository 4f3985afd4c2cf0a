// Sources that ask: their laws by listing every example at tiny sizes, their floors, long samples.
#include "helpers/examples.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "catch.h"
#include "data/aggregate.h"
#include "data/mqar.h"
#include "data/zipf.h"
#include "helpers/statistics.h"

using namespace ate;
using namespace ate::testing;

namespace {

struct Tiny {
  SourceConfig config;
  ExampleLaw law;  // written from the header's words, with nothing of the code
};

Tiny tiny_mqar() {
  constexpr int64_t kPairs = 2, kLength = 10;  // keys 1 and 2 of V = 6, values 3 to 5; 3 slots
  Tiny tiny{asking("mqar", 6, kLength, 30'000, {{"pairs", kPairs}}), {}};
  const auto weight = [](int64_t slot) { return std::pow(static_cast<double>(slot + 1), -0.99); };
  for_each_list(2, kPairs, false, [&](const std::vector<int64_t>& keys) {
    for_each_list(3, kPairs, false, [&](const std::vector<int64_t>& values) {
      for_each_list(3, kPairs, false, [&](const std::vector<int64_t>& slots) {
        Example e{std::vector<int64_t>(kLength, 0), std::vector<int64_t>(kLength, kNotAsked)};
        for (size_t i = 0; i < 2; ++i) {
          e.tokens[2 * i] = e.tokens[static_cast<size_t>(4 + 2 * slots[i])] = 1 + keys[i];
          e.tokens[2 * i + 1] = e.answers[static_cast<size_t>(4 + 2 * slots[i])] = 3 + values[i];
        }
        const double all = weight(0) + weight(1) + weight(2);
        tiny.law[e] += 1 / 2.0 / 6 * weight(slots[0]) / all * weight(slots[1]) / (all - weight(slots[0]));
      });
    });
  });
  return tiny;
}

Tiny tiny_induction() {
  Tiny tiny{asking("induction", 4, 6, 30'000), {}};  // keys 0 and 1, values 2 and 3
  for_each_list(2, 2, true, [&](const std::vector<int64_t>& keys) {
    for_each_list(2, 2, true, [&](const std::vector<int64_t>& values) {  // of key 0, of key 1
      const std::set<int64_t> seen(keys.begin(), keys.end());
      for (const int64_t last : seen) {
        Example e{{}, std::vector<int64_t>(6, kNotAsked)};
        for (const int64_t key : {keys[0], keys[1], last}) {
          const size_t t = e.tokens.size();
          const int64_t value = 2 + values[static_cast<size_t>(key)];
          for (size_t before = 0; before < t; before += 2)
            if (e.tokens[before] == key) e.answers[t] = value;
          e.tokens.insert(e.tokens.end(), {key, value});
        }
        tiny.law[e] += 1 / 16.0 / static_cast<double>(seen.size());
      }
    });
  });
  return tiny;
}

Tiny tiny_copy() {
  Tiny tiny{asking("copy", 4, 7, 30'000, {{"copied", int64_t{2}}}), {}};  // symbols 0 and 1, blank 2, mark 3
  for_each_list(2, 2, true, [&](const std::vector<int64_t>& symbols) {
    for_each_list(2, 2, true,
                  [&](const std::vector<int64_t>& before) {  // which symbol each blank goes before
                    Example e{{}, std::vector<int64_t>(7, kNotAsked)};
                    for (int64_t i = 0; i < 2; ++i) {
                      e.tokens.insert(e.tokens.end(),
                                      static_cast<size_t>(std::count(before.begin(), before.end(), i)), 2);
                      e.tokens.push_back(symbols[static_cast<size_t>(i)]);
                    }
                    e.tokens.insert(e.tokens.end(), {3, 2, 2});
                    std::copy(symbols.begin(), symbols.end(), e.answers.end() - 2);
                    tiny.law[e] += 1 / 16.0;
                  });
  });
  return tiny;
}

// n = 3 of T = 4 tokens; 3 symbols, with p as 1/1 : 1/2 : 1/3.
Tiny tiny_aggregate(bool counts) {
  Tiny tiny{asking("aggregate", counts ? 7 : 3, 4, 30'000, {{"last", int64_t{3}}, {"counts", counts}}), {}};
  for_each_list(3, 4, true, [&](const std::vector<int64_t>& tokens) {
    Example e{tokens, std::vector<int64_t>(4, kNotAsked)};
    double p = 1;
    for (const int64_t token : tokens) p *= 1 / static_cast<double>(token + 1) / (1 + 1 / 2.0 + 1 / 3.0);
    for (size_t t = 2; t < 4; ++t) {
      const auto how_often = [&](int64_t symbol) {
        return std::count(tokens.begin() + static_cast<std::ptrdiff_t>(t) - 2,
                          tokens.begin() + static_cast<std::ptrdiff_t>(t) + 1, symbol);
      };
      int64_t best = 0;
      for (int64_t symbol = 1; symbol < 3; ++symbol)
        if (how_often(symbol) > how_often(best)) best = symbol;
      e.answers[t] = counts ? 3 + how_often(0) : best;
    }
    tiny.law[e] += p;
  });
  return tiny;
}

std::vector<Tiny> tiny_sources() {
  return {tiny_mqar(), tiny_induction(), tiny_copy(), tiny_aggregate(false), tiny_aggregate(true)};
}

std::vector<int64_t> whole_past(const Example& e, size_t t) {
  return {e.tokens.begin(), e.tokens.begin() + static_cast<std::ptrdiff_t>(t) + 1};
}

// At the sizes of the papers.
std::vector<SourceConfig> published_sizes() {
  std::vector<SourceConfig> configs;
  for (const auto& [length, pairs] : {std::pair<int64_t, int64_t>{64, 4}, {128, 8}, {256, 16}})
    for (const bool fill : {false, true})
      configs.push_back(asking("mqar", 8192, length, 300, {{"pairs", pairs}, {"random_fill", fill}}));
  configs.push_back(asking("induction", 16, 128, 300));
  configs.push_back(asking("copy", 16, 256, 300));
  configs.push_back(asking("aggregate", 200, 64, 300));
  configs.push_back(asking("aggregate", 200, 64, 300, {{"counts", true}}));
  return configs;
}

}  // namespace

TEST_CASE("examples are drawn as their law says", "[data]") {
  for (const Tiny& tiny : tiny_sources()) {
    CAPTURE(tiny.config.kind->name);
    double total = 0;
    for (const auto& [example, p] : tiny.law) total += p;
    REQUIRE(std::abs(total - 1) < 1e-12);
    const Corpus corpus = make_corpus(tiny.config, 3);
    const int64_t length = tiny.config.own.whole("example");
    std::map<Example, double> counts;
    for (int64_t start = 0; start < corpus.size(); start += length)
      ++counts[example_at(corpus, start, length)];
    std::vector<double> found, expected;
    for (const auto& [example, p] : tiny.law) {
      found.push_back(counts[example]);
      expected.push_back(p * 30'000);
    }
    CHECK(counts.size() == tiny.law.size());  // nothing else comes
    CHECK(chi_square(found, expected) < chi_square_limit(static_cast<double>(found.size()) - 1));
  }
}

TEST_CASE("the floor is what the whole past leaves open of the answers: nothing", "[data]") {
  for (const Tiny& tiny : tiny_sources()) {
    CAPTURE(tiny.config.kind->name);
    CHECK(std::abs(answer_entropy(tiny.law, whole_past)) < 1e-12);
    CHECK(open_source(tiny.config)->entropy() == 0);
    // The place alone leaves much open, so that an entropy of 0 says something.
    CHECK(answer_entropy(tiny.law, [](const Example&, size_t) { return std::vector<int64_t>(); }) > 0.6);
  }
}

TEST_CASE("the answers asked for are certain by the law of the past, in long samples too", "[data]") {
  std::vector<SourceConfig> configs = published_sizes();
  for (const Tiny& tiny : tiny_sources()) configs.push_back(tiny.config);
  for (const SourceConfig& config : configs) {
    CAPTURE(config.kind->name, config.vocabulary);
    const auto source = open_source(config);
    const int64_t length = config.own.whole("example");
    const Corpus corpus = source->corpus(7);
    std::vector<NextLaw> laws(static_cast<size_t>(length));
    int64_t asked = 0, wrong = 0, foreseen = 0;
    for (int64_t start = 0; start + length <= corpus.size(); start += length) {
      Example e = example_at(corpus, start, length);
      source->next_laws(e.tokens, laws);
      for (size_t t = 0; t < e.answers.size(); ++t) {
        if (e.answers[t] == kNotAsked) continue;
        ++asked;
        wrong += probability(*source->laws(), laws[t], static_cast<int32_t>(e.answers[t])) != 1;
      }
      // What comes later changes no law.
      const size_t half = e.tokens.size() / 2;
      const std::vector<NextLaw> before(laws.begin(), laws.begin() + static_cast<std::ptrdiff_t>(half));
      std::reverse(e.tokens.begin() + static_cast<std::ptrdiff_t>(half), e.tokens.end());
      source->next_laws(e.tokens, laws);
      for (size_t t = 0; t < half; ++t)
        foreseen += before[t].weight != laws[t].weight || before[t].token != laws[t].token;
    }
    CHECK(wrong == 0);
    CHECK(foreseen == 0);
    const double examples = static_cast<double>(corpus.size() / length);
    CHECK(std::abs(static_cast<double>(asked) / examples - config.kind->asked(config)) <
          0.02 * config.kind->asked(config));
  }
}

TEST_CASE("mqar has the sizes of its paper's figure", "[data]") {
  for (const SourceConfig& config : published_sizes()) {
    if (config.kind != SourceKind("mqar") || config.own.flag("random_fill")) continue;
    const int64_t length = config.own.whole("example");
    const auto pairs = static_cast<size_t>(config.own.whole("pairs"));
    const Corpus corpus = make_corpus(config, 0);
    double first_slot = 0;
    for (int64_t start = 0; start < corpus.size(); start += length) {
      const Example e = example_at(corpus, start, length);
      std::set<int64_t> keys, values;
      size_t others = 0;
      for (size_t t = 0; t < e.tokens.size(); ++t) {
        if (t < 2 * pairs)
          (t % 2 == 0 ? keys : values).insert(e.tokens[t]);
        else
          others += e.tokens[t] == 0;
        if (e.answers[t] == kNotAsked) continue;
        REQUIRE(t >= 2 * pairs);
        REQUIRE(t % 2 == 0);
        REQUIRE(keys.count(e.tokens[t]) == 1);
        if (t == 2 * pairs) ++first_slot;
      }
      REQUIRE(keys.size() == pairs);
      REQUIRE(values.size() == pairs);
      REQUIRE((*keys.begin() >= 1 && *keys.rbegin() < 4096));
      REQUIRE((*values.begin() >= 4096 && *values.rbegin() < 8192));
      REQUIRE(others == e.tokens.size() - 3 * pairs);
    }
    CHECK(first_slot > 150);  // of 300: near slots are far likelier than distant ones
  }
}

TEST_CASE("aggregate: the least loss of one who reads k of the last tokens, by listing what they may be",
          "[data]") {
  for (const bool counts : {false, true}) {
    const Tiny tiny = tiny_aggregate(counts);
    const Aggregate source(tiny.config);
    double last_loss = 1e9;
    for (const std::vector<size_t>& back : {std::vector<size_t>{}, {1}, {0, 2}, {0, 1, 2}}) {
      const double expected = answer_entropy(tiny.law, [&](const Example& e, size_t t) {
        std::vector<int64_t> seen;
        for (const size_t b : back) seen.push_back(e.tokens[t - b]);
        return seen;
      });
      const std::optional<double> loss = source.least_loss_reading(static_cast<int64_t>(back.size()));
      REQUIRE(loss);
      CAPTURE(counts, back.size(), expected, *loss);
      CHECK(std::abs(*loss - expected) < 1e-12);
      CHECK(*loss < last_loss);  // each key more tells more
      last_loss = *loss;
    }
    CHECK(std::abs(last_loss) < 1e-12);
  }
}

TEST_CASE("aggregate: the law of the answer adds to 1 at the default size", "[data]") {
  for (const bool counts : {false, true}) {
    const SourceConfig config = asking("aggregate", 40, 64, 10, {{"counts", counts}});
    const Aggregate source(config);
    std::vector<int64_t> read(counts ? 23 : 40);
    read[0] = 2;
    read[3] = 5;
    double sum = 0;
    for (const double p : source.answer_law(read)) sum += p;
    CHECK(std::abs(sum - 1) < 1e-10);
  }
}
