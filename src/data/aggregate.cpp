#include "data/aggregate.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>

#include "config/derived.h"
#include "data/zipf.h"

namespace ate {
namespace {

constexpr double kMostWork = 3e7;  // operations to find a least loss with

int64_t symbols_of(const SourceConfig& s) {
  return s.own.flag("counts") ? s.vocabulary - s.own.whole("last") - 1 : s.vocabulary;
}

// Coefficients of sum over r = low .. high of (p x)^r / r!, up to x^degree.
std::vector<double> exponential_part(double p, int64_t low, int64_t high, int64_t degree) {
  std::vector<double> out(static_cast<size_t>(degree + 1));
  double term = 1;
  for (int64_t r = 0; r <= std::min(high, degree); ++r) {
    if (r > 0) term *= p / static_cast<double>(r);
    if (r >= low) out[static_cast<size_t>(r)] = term;
  }
  return out;
}

std::vector<double> product(const std::vector<double>& a, const std::vector<double>& b) {
  std::vector<double> out(a.size());
  for (size_t i = 0; i < a.size(); ++i)
    for (size_t j = 0; i + j < a.size(); ++j) out[i + j] += a[i] * b[j];
  return out;
}

double factorial(int64_t n) { return std::tgamma(static_cast<double>(n) + 1); }

}  // namespace

Aggregate::Aggregate(const SourceConfig& config)
    : Examples(config),
      last_(config.own.whole("last")),
      counts_(config.own.flag("counts")),
      symbols_(zipf_probabilities(symbols_of(config), config.exponent)),
      symbol_(symbols_) {}

void Aggregate::draw(const ExampleNumbers& numbers, std::span<int64_t> tokens, std::span<bool> asked) const {
  for (size_t t = 0; t < tokens.size(); ++t) {
    tokens[t] = symbol_(numbers.unit(0, t));
    asked[t] = static_cast<int64_t>(t) + 1 >= last_;
  }
}

void Aggregate::answers(std::span<const int64_t> tokens, std::span<int32_t> answers) const {
  std::vector<int64_t> count(static_cast<size_t>(config_.vocabulary));
  const auto n = static_cast<size_t>(last_);
  for (size_t t = 0; t < tokens.size(); ++t) {
    ++count[static_cast<size_t>(tokens[t])];
    if (t >= n) --count[static_cast<size_t>(tokens[t - n])];
    if (t + 1 < n)
      answers[t] = kNotAsked;
    else if (counts_)
      answers[t] = static_cast<int32_t>(static_cast<int64_t>(symbols_.size()) + count[0]);
    else
      answers[t] = static_cast<int32_t>(std::max_element(count.begin(), count.end()) - count.begin());
  }
}

std::vector<double> Aggregate::answer_law(std::span<const int64_t> read) const {
  return counts_ ? count_law(read) : mode_law(read);
}

std::vector<double> Aggregate::count_law(std::span<const int64_t> read) const {
  const int64_t others = last_ - std::accumulate(read.begin(), read.end(), int64_t{0});
  const double p = symbols_[0];
  std::vector<double> law(static_cast<size_t>(config_.vocabulary));
  for (int64_t c = 0; c <= others; ++c) {
    const auto x = static_cast<double>(c);
    const auto n = static_cast<double>(others);
    const double choices = std::exp(std::lgamma(n + 1) - std::lgamma(x + 1) - std::lgamma(n - x + 1));
    law[symbols_.size() + static_cast<size_t>(read[0] + c)] =
        choices * std::pow(p, x) * std::pow(1 - p, n - x);
  }
  return law;
}

// Symbol a wins with m occurrences if every symbol before it has less and every one after it has no more. The other tokens fall
// to the symbols by a multinomial law, whose sums over such boxes are coefficients of a product of exponential series.
std::vector<double> Aggregate::mode_law(std::span<const int64_t> read) const {
  const int64_t others = last_ - std::accumulate(read.begin(), read.end(), int64_t{0});
  const double orders = factorial(others);
  std::vector<double> law(static_cast<size_t>(config_.vocabulary));
  for (size_t a = 0; a < symbols_.size(); ++a)
    for (int64_t m = std::max<int64_t>(1, read[a]); m <= read[a] + others; ++m) {
      std::vector<double> ways = exponential_part(symbols_[a], m - read[a], m - read[a], others);
      for (size_t j = 0; j < symbols_.size(); ++j)
        if (j != a)
          ways = product(ways, exponential_part(symbols_[j], 0, m - (j < a ? 1 : 0) - read[j], others));
      law[a] += orders * ways.back();
    }
  return law;
}

std::optional<double> Aggregate::least_loss_reading(int64_t k) const {
  std::vector<int64_t> read(symbols_.size());
  if (counts_) {  // the entropy is that of the others' count, whatever was read
    read[0] = k;
    return entropy_nats(count_law(read));
  }
  const auto s = static_cast<double>(symbols_.size());
  const auto rest = static_cast<double>(last_ - k + 1);
  const double kinds = std::exp(std::lgamma(static_cast<double>(k) + s) - std::lgamma(s) -
                                std::lgamma(static_cast<double>(k) + 1));
  if (kinds * s * s * rest * rest * rest > kMostWork) return std::nullopt;
  double mean = 0;
  // `left` tokens fall to the symbols from j on; `probability` of what the symbols before j have.
  const std::function<void(size_t, int64_t, double)> fall = [&](size_t j, int64_t left, double probability) {
    if (j + 1 == read.size()) {
      read[j] = left;
      mean += probability * std::pow(symbols_[j], static_cast<double>(left)) / factorial(left) *
              entropy_nats(mode_law(read));
      return;
    }
    for (read[j] = 0; read[j] <= left; ++read[j])
      fall(j + 1, left - read[j],
           probability * std::pow(symbols_[j], static_cast<double>(read[j])) / factorial(read[j]));
  };
  fall(0, k, factorial(k));
  return mean;
}

std::string Aggregate::token_text(int64_t token) const {
  const auto symbols = static_cast<int64_t>(symbols_.size());
  return token < symbols ? fmt::format("{}", token) : fmt::format("#{}", token - symbols);
}

std::vector<SourceFact> Aggregate::facts() const {
  std::vector<SourceFact> facts;
  for (const int64_t k : {int64_t{0}, last_ / 2, last_ - 1, last_})
    if (const std::optional<double> loss = least_loss_reading(k))
      facts.push_back({fmt::format("least_loss_reading_{}", k), *loss,
                       fmt::format("nats per answer: of one who reads {} of the {} tokens", k, last_)});
  return facts;
}

namespace {

constexpr KindSetting kAggregateSettings[] = {
    kExampleSetting,
    {"last", int64_t{16}, between(1, 128), "n, tokens that an answer is about"},
    {"counts", false, {}, "ask how often symbol 0 is among the last n, not which symbol is most frequent"}};

double answers_of_aggregate(const SourceConfig& s) {
  return static_cast<double>(example_length(s) - s.own.whole("last") + 1);
}

std::vector<Problem> check_aggregate(const SourceConfig& s) {
  std::vector<Problem> problems;
  const int64_t last = s.own.whole("last");
  if (last > example_length(s))
    problems.push_back(
        {"/source/last", fmt::format("{} tokens are more than the {} of an example: set source.last to at "
                                     "most that, or a longer windows.length",
                                     last, example_length(s))});
  if (symbols_of(s) < 2)
    problems.push_back({"/source/vocabulary",
                        fmt::format("the counts 0 to {} and two symbols do not fit into {} tokens: set "
                                    "source.vocabulary to at least {}",
                                    last, s.vocabulary, last + 3)});
  return problems;
}

}  // namespace

extern const SourceDescription aggregate_source;
constinit const SourceDescription aggregate_source = {
    .name = "aggregate",
    .help = "the most frequent of the last tokens, or how often one is among them: no few of them tell",
    .settings = kAggregateSettings,
    .asked = answers_of_aggregate,
    .check = check_aggregate,
    .describe =
        [](const SourceConfig& s) {
          return fmt::format("{}, {} symbols with Zipf exponent {:g}; asked: {} the last {}",
                             describe_examples(s), symbols_of(s), s.exponent,
                             s.own.flag("counts") ? "how often symbol 0 is among" : "the most frequent of",
                             s.own.whole("last"));
        },
    .open = [](const SourceConfig& config) -> std::shared_ptr<const Source> {
      return std::make_shared<Aggregate>(config);
    },
};

}  // namespace ate
