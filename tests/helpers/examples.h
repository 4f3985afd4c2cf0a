// Tiny sources that ask, whose examples can all be listed.
#pragma once

#include <functional>
#include <map>
#include <utility>
#include <vector>

#include "data/examples.h"
#include "helpers/sources.h"

namespace ate::testing {

struct Example {
  std::vector<int64_t> tokens;
  std::vector<int64_t> answers;  // kNotAsked where none is asked for
  bool operator<(const Example& o) const { return std::tie(tokens, answers) < std::tie(o.tokens, o.answers); }
};
using ExampleLaw = std::map<Example, double>;  // the probability of each

inline SourceConfig asking(const char* kind, int64_t vocabulary, int64_t example, int64_t examples,
                           const std::vector<std::pair<const char*, SettingValue>>& own = {}) {
  SourceConfig config = source_of(SourceKind(kind), vocabulary, 1, example * examples);
  config.own.set("example", example);
  for (const auto& [name, value] : own) config.own.set(name, value);
  return config;
}

inline Example example_at(const Corpus& corpus, int64_t start, int64_t length) {
  Example out{std::vector<int64_t>(static_cast<size_t>(length)),
              std::vector<int64_t>(static_cast<size_t>(length))};
  corpus.read(start, out.tokens);
  corpus.read_answers(start, out.answers);
  return out;
}

// Every list of `count` of 0 .. n - 1, with repetition or without.
inline void for_each_list(int64_t n, int64_t count, bool repeat,
                          const std::function<void(const std::vector<int64_t>&)>& visit) {
  std::vector<int64_t> list;
  const std::function<void()> grow = [&] {
    if (static_cast<int64_t>(list.size()) == count) return visit(list);
    for (int64_t i = 0; i < n; ++i) {
      if (!repeat && std::find(list.begin(), list.end(), i) != list.end()) continue;
      list.push_back(i);
      grow();
      list.pop_back();
    }
  };
  grow();
}

// Mean over the answers asked for of H(answer | where it is asked for, what `seen` leaves of the example), nats.
inline double answer_entropy(const ExampleLaw& law,
                             const std::function<std::vector<int64_t>(const Example&, size_t t)>& seen) {
  std::map<std::pair<size_t, std::vector<int64_t>>, std::map<int64_t, double>> joint;
  double asked = 0;
  for (const auto& [example, p] : law)
    for (size_t t = 0; t < example.answers.size(); ++t) {
      if (example.answers[t] == kNotAsked) continue;
      joint[{t, seen(example, t)}][example.answers[t]] += p;
      asked += p;
    }
  double entropy = 0;
  for (const auto& [given, answers] : joint) {
    double total = 0;
    for (const auto& [answer, p] : answers) total += p;
    for (const auto& [answer, p] : answers) entropy -= p * std::log(p / total);
  }
  return entropy / asked;
}

}  // namespace ate::testing
