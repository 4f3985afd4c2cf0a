#include <fmt/format.h>

#include <cmath>

#include "config/derived.h"
#include "config/resolve.h"

namespace ate {
namespace {

bool safe_in_file_names(const std::string& name) {
  const char* const allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
  return !name.empty() && name.size() <= 100 && name.front() != '.' &&
         name.find_first_not_of(allowed) == std::string::npos;
}

bool is_device_name(const std::string& name) {
  if (name == "auto" || name == "cpu" || name == "cuda" || name == "mps") return true;
  return name.rfind("cuda:", 0) == 0 && name.size() > 5 && name.size() < 9 &&
         name.find_first_not_of("0123456789", 5) == std::string::npos;
}

}  // namespace

std::vector<Problem> check_config(const Config& c) {
  std::vector<Problem> problems;
  const auto blame = [&](const char* pointer, std::string what) {
    problems.push_back({pointer, std::move(what)});
  };

  if (!safe_in_file_names(c.name))
    blame("/name", "expected 1 to 100 letters, digits, '.', '_' or '-', not starting with '.'");
  if (!is_device_name(c.device))
    blame("/device", "expected auto, cpu, cuda, cuda:N or mps, got \"" + c.device + "\"");

  const int64_t train = training_tokens(c.source);
  const int64_t validation = c.source.tokens - train;
  const int64_t needed = c.windows.length + 1;
  // Less than two windows of training tokens leave (n_train - T - 1) / T batches, which is none.
  if (train < 2 * c.windows.length + 1 || validation < needed)
    blame("/windows/length",
          fmt::format(
              "a window of {} tokens and its target do not fit: the training part has {} tokens (at least {} "
              "needed), the validation part {} (at least {} needed)",
              c.windows.length, train, 2 * c.windows.length + 1, validation, needed));

  if (c.body.kind == BodyKind::encoder && c.body.width % c.body.heads != 0)
    blame("/body/heads", fmt::format("{} heads do not divide the width {}", c.body.heads, c.body.width));

  const bool counts = c.bands.rule == BandRule::rank_count;
  const double all = counts ? static_cast<double>(c.source.vocabulary) : 1.0;
  if (counts && (c.bands.high != std::floor(c.bands.high) || c.bands.low != std::floor(c.bands.low)))
    blame("/bands/high", "rank_count takes whole numbers of tokens for high and low");
  if (c.bands.high + c.bands.low > all)
    blame("/bands/high",
          fmt::format("high and low together take {}, more than the {}", c.bands.high + c.bands.low,
                      counts ? fmt::format("{} tokens of the vocabulary", all) : "whole, 1"));

  const std::pair<const char*, double> factors[] = {{"/embedding/high", c.embedding.high},
                                                    {"/embedding/mid", c.embedding.mid},
                                                    {"/embedding/low", c.embedding.low}};
  for (const auto& [pointer, factor] : factors)
    if (band_width(factor, c.body) < 1)
      blame(pointer, fmt::format("{} times the width {} leaves no column", factor, c.body.width));
  return problems;
}

}  // namespace ate
