#include "data/mqar.h"

#include <fmt/format.h>

#include <cmath>

#include "config/derived.h"
#include "support/names.h"

namespace ate {
namespace {

enum MqarSite : uint32_t { kKeys = 0, kValues = 1, kSlots = 2, kFill = 3 };  // of the random numbers

}  // namespace

Mqar::Mqar(const SourceConfig& config)
    : Examples(config),
      pairs_(config.own.whole("pairs")),
      first_value_(config.vocabulary / 2),
      random_fill_(config.own.flag("random_fill")) {
  const int64_t slots = (length_ - 2 * pairs_) / 2;
  for (int64_t i = 1; i <= slots; ++i)
    slots_.push_back(std::pow(static_cast<double>(i), config.own.real("power") - 1));
}

void Mqar::draw(const ExampleNumbers& numbers, std::span<int64_t> tokens, std::span<bool> asked) const {
  for (size_t t = 0; t < tokens.size(); ++t)
    tokens[t] = random_fill_ ? numbers.below(kFill, t, config_.vocabulary) : 0;
  const std::vector<int64_t> keys = numbers.distinct(kKeys, pairs_, first_value_ - 1);
  const std::vector<int64_t> values = numbers.distinct(kValues, pairs_, config_.vocabulary - first_value_);
  const std::vector<int64_t> slots = numbers.distinct(kSlots, pairs_, slots_);
  for (int64_t i = 0; i < pairs_; ++i) {
    const auto pair = static_cast<size_t>(i);
    tokens[2 * pair] = 1 + keys[pair];
    tokens[2 * pair + 1] = first_value_ + values[pair];
    const auto query = static_cast<size_t>(2 * (pairs_ + slots[pair]));
    tokens[query] = tokens[2 * pair];
    asked[query] = true;
  }
}

void Mqar::answers(std::span<const int64_t> tokens, std::span<int32_t> answers) const {
  const auto context = static_cast<size_t>(2 * pairs_);
  for (size_t t = 0; t < tokens.size(); ++t) {
    answers[t] = kNotAsked;
    for (size_t i = 0; t >= context && i < context; i += 2)
      if (tokens[i] == tokens[t]) answers[t] = static_cast<int32_t>(tokens[i + 1]);
  }
}

std::string Mqar::token_text(int64_t token) const {
  if (token == 0) return ".";
  return token < first_value_ ? fmt::format("k{}", token) : fmt::format("v{}", token - first_value_);
}

std::vector<SourceFact> Mqar::facts() const {
  return {{"loss_without_lookup", std::log(static_cast<double>(pairs_)),
           "nats per answer: of one who takes each of the example's values as equally likely"},
          {"loss_without_pairs", std::log(static_cast<double>(config_.vocabulary - first_value_)),
           "nats per answer: of one who does not read the pairs"}};
}

namespace {

constexpr KindSetting kMqarSettings[] = {
    kExampleSetting,
    {"pairs", int64_t{4}, between(1, 1 << 18),
     "pairs of a key and a value in an example, each asked for once"},
    {"power", 0.01, between(-20, 20),
     "of the law of the gaps to the queries: p(i) proportional to i^(power - 1)"},
    {"random_fill", false, {}, "fill with any tokens, keys and values too, not with token 0"}};

std::vector<Problem> check_mqar(const SourceConfig& s) {
  std::vector<Problem> problems;
  const int64_t pairs = s.own.whole("pairs");
  if (4 * pairs > example_length(s))
    problems.push_back(
        {"/source/pairs",
         fmt::format("{} pairs and a slot of two for each one's query take {} tokens, and an example has "
                     "{}: set source.pairs to at most {}, or a longer windows.length",
                     pairs, 4 * pairs, example_length(s), example_length(s) / 4)});
  if (s.vocabulary / 2 - 1 < pairs)
    problems.push_back(
        {"/source/vocabulary",
         fmt::format("of {} tokens {} are keys, and an example has {} different ones: set source.vocabulary "
                     "to at least {}",
                     s.vocabulary, s.vocabulary / 2 - 1, pairs, 2 * (pairs + 1))});
  return problems;
}

}  // namespace

extern const SourceDescription mqar_source;
constinit const SourceDescription mqar_source = {
    .name = "mqar",
    .help =
        "multi-query associative recall: pairs of keys and values, then the keys again (Arora et al. 2023)",
    .settings = kMqarSettings,
    .asked = [](const SourceConfig& s) { return static_cast<double>(s.own.whole("pairs")); },
    .check = check_mqar,
    .describe =
        [](const SourceConfig& s) {
          return fmt::format("{} with {} pairs of {} keys and {} values, each asked for once",
                             describe_examples(s), s.own.whole("pairs"), s.vocabulary / 2 - 1,
                             s.vocabulary - s.vocabulary / 2);
        },
    .open = [](const SourceConfig& config) -> std::shared_ptr<const Source> {
      return std::make_shared<Mqar>(config);
    },
};

}  // namespace ate
