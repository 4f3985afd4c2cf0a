#include "data/copy.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "config/derived.h"

namespace ate {
namespace {

enum CopySite : uint32_t { kSymbol = 0, kBlank = 1 };  // of the random numbers

}  // namespace

void Copy::draw(const ExampleNumbers& numbers, std::span<int64_t> tokens, std::span<bool> asked) const {
  const auto copied = static_cast<size_t>(copied_);
  std::vector<int64_t> blanks(copied);  // before each symbol
  for (size_t i = 0; i + 2 * copied + 1 < tokens.size(); ++i)
    ++blanks[static_cast<size_t>(numbers.below(kBlank, i, copied_))];
  std::fill(tokens.begin(), tokens.end(), blank());
  size_t t = 0;
  for (size_t i = 0; i < copied; ++i) {
    t += static_cast<size_t>(blanks[i]);
    tokens[t++] = numbers.below(kSymbol, i, blank());
  }
  tokens[t] = blank() + 1;
  std::fill(asked.end() - copied_, asked.end(), true);
}

void Copy::answers(std::span<const int64_t> tokens, std::span<int32_t> answers) const {
  std::vector<int32_t> symbols;
  bool marked = false;
  size_t next = 0;
  for (size_t t = 0; t < tokens.size(); ++t) {
    answers[t] = kNotAsked;
    if (marked && next < symbols.size()) answers[t] = symbols[next++];
    marked = marked || tokens[t] > blank();
    if (!marked && tokens[t] < blank()) symbols.push_back(static_cast<int32_t>(tokens[t]));
  }
}

std::string Copy::token_text(int64_t token) const {
  if (token < blank()) return fmt::format("{}", token);
  return token == blank() ? "." : "|";
}

std::vector<SourceFact> Copy::facts() const {
  return {{"loss_without_symbols", std::log(static_cast<double>(blank())),
           "nats per answer: of one who does not read the symbols"}};
}

namespace {

constexpr KindSetting kCopySettings[] = {
    kExampleSetting,
    {"copied", int64_t{16}, between(1, 1 << 18), "symbols of an example, each asked for once"}};

std::vector<Problem> check_copy(const SourceConfig& s) {
  std::vector<Problem> problems;
  const int64_t copied = s.own.whole("copied");
  if (example_length(s) < 2 * copied + 1)
    problems.push_back(
        {"/source/copied",
         fmt::format(
             "{} symbols, the mark and a place for each answer take {} tokens, and an example has {}: "
             "set source.copied to at most {}, or a longer windows.length",
             copied, 2 * copied + 1, example_length(s), (example_length(s) - 1) / 2)});
  if (s.vocabulary < 4)
    problems.push_back(
        {"/source/vocabulary",
         fmt::format("{} tokens are too few for the blank, the mark and two symbols: set source.vocabulary "
                     "to at least 4",
                     s.vocabulary)});
  return problems;
}

}  // namespace

extern const SourceDescription copy_source;
constinit const SourceDescription copy_source = {
    .name = "copy",
    .help = "selective copying: symbols among blanks, asked for in their order (MAD, Poli et al. 2024)",
    .settings = kCopySettings,
    .asked = [](const SourceConfig& s) { return static_cast<double>(s.own.whole("copied")); },
    .check = check_copy,
    .describe =
        [](const SourceConfig& s) {
          return fmt::format("{} with {} of {} symbols among blanks, asked for in their order",
                             describe_examples(s), s.own.whole("copied"), s.vocabulary - 2);
        },
    .open = [](const SourceConfig& config) -> std::shared_ptr<const Source> {
      return std::make_shared<Copy>(config);
    },
};

}  // namespace ate
