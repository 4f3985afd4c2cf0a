#include "data/induction.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "config/derived.h"

namespace ate {
namespace {

enum InductionSite : uint32_t { kKey = 0, kNewValue = 1, kLastKey = 2 };  // of the random numbers

// (T / 2 - 1) uniform keys, of which those are not asked for that are the first of their kind, and the last key.
double answers_of_induction(const SourceConfig& s) {
  const auto draws = static_cast<double>(example_length(s) / 2 - 1);
  const auto keys = static_cast<double>(s.vocabulary / 2);
  return draws - keys * (1 - std::pow(1 - 1 / keys, draws)) + 1;
}

}  // namespace

void Induction::draw(const ExampleNumbers& numbers, std::span<int64_t> tokens, std::span<bool> asked) const {
  std::vector<int64_t> value(static_cast<size_t>(keys_), kNotAsked);
  std::vector<int64_t> seen;
  const size_t pairs = tokens.size() / 2;
  for (size_t i = 0; i < pairs; ++i) {
    const bool last = i + 1 == pairs;
    const int64_t key =
        last ? seen[static_cast<size_t>(numbers.below(kLastKey, 0, static_cast<int64_t>(seen.size())))]
             : numbers.below(kKey, i, keys_);
    int64_t& known = value[static_cast<size_t>(key)];
    asked[2 * i] = known != kNotAsked;
    if (known == kNotAsked) {
      known = keys_ + numbers.below(kNewValue, static_cast<uint64_t>(key), config_.vocabulary - keys_);
      seen.push_back(key);
    }
    tokens[2 * i] = key;
    tokens[2 * i + 1] = known;
  }
}

void Induction::answers(std::span<const int64_t> tokens, std::span<int32_t> answers) const {
  std::vector<int32_t> value(static_cast<size_t>(keys_), kNotAsked);
  std::fill(answers.begin(), answers.end(), kNotAsked);
  for (size_t t = 0; t < tokens.size(); t += 2) {
    if (tokens[t] >= keys_) continue;  // no example of this source
    int32_t& known = value[static_cast<size_t>(tokens[t])];
    answers[t] = known;
    if (t + 1 < tokens.size()) known = static_cast<int32_t>(tokens[t + 1]);
  }
}

std::string Induction::token_text(int64_t token) const {
  return token < keys_ ? fmt::format("k{}", token) : fmt::format("v{}", token - keys_);
}

std::vector<SourceFact> Induction::facts() const {
  return {{"answers_per_example", answers_of_induction(config_), "on average"},
          {"loss_without_pairs", std::log(static_cast<double>(config_.vocabulary - keys_)),
           "nats per answer: of one who does not read the pairs"}};
}

namespace {

constexpr KindSetting kInductionSettings[] = {kExampleSetting};

std::vector<Problem> check_induction(const SourceConfig& s) {
  std::vector<Problem> problems;
  const int64_t length = example_length(s);
  if (length < 4 || length % 2 != 0)
    problems.push_back(
        {"/source/example", fmt::format("{} tokens are no whole pairs, two at least: set windows.length to "
                                        "an even number, 4 or more",
                                        length)});
  if (s.vocabulary < 4)
    problems.push_back(
        {"/source/vocabulary",
         fmt::format("{} tokens are too few for two keys and two values: set source.vocabulary to at "
                     "least 4",
                     s.vocabulary)});
  return problems;
}

}  // namespace

extern const SourceDescription induction_source;
constinit const SourceDescription induction_source = {
    .name = "induction",
    .help =
        "in-context recall: keys come again with the values that the example gave them (MAD, Poli et al. "
        "2024)",
    .settings = kInductionSettings,
    .asked = answers_of_induction,
    .check = check_induction,
    .describe =
        [](const SourceConfig& s) {
          return fmt::format("{}, pairs of {} keys and {} values; asked for after a key that came before",
                             describe_examples(s), s.vocabulary / 2, s.vocabulary - s.vocabulary / 2);
        },
    .open = [](const SourceConfig& config) -> std::shared_ptr<const Source> {
      return std::make_shared<Induction>(config);
    },
};

}  // namespace ate
