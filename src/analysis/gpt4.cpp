#include "analysis/gpt4.h"

#include <fmt/format.h>

#include <algorithm>

#include "analysis/grid.h"
#include "support/error.h"
#include "support/names.h"

namespace ate::gpt4 {
namespace {

constexpr int64_t kHeadSize = 128;
constexpr int64_t kDocumentKeys = 32;
constexpr int64_t kTokensPerKey = 16;

struct Field {
  const char* name;
  int64_t low;
  int64_t high;
  void (*set)(Assumptions&, int64_t);
};

const std::vector<Field>& fields() {
  constexpr int64_t most = 1 << 20;
  constexpr int64_t widest = 1 << 24;
  static const std::vector<Field> all = {
      {"d", 1, widest, [](Assumptions& a, int64_t value) { a.width = value; }},
      {"heads", 1, most, [](Assumptions& a, int64_t value) { a.heads = value; }},
      {"layers", 1, most, [](Assumptions& a, int64_t value) { a.layers = value; }},
      {"batch", 1, most, [](Assumptions& a, int64_t value) { a.batch = value; }},
      {"k", 1, int64_t{1} << 40, [](Assumptions& a, int64_t value) { a.keys = value; }},
      {"hidden", 1, widest, [](Assumptions& a, int64_t value) { a.hidden = value; }},
      {"feedforward", 0, most, [](Assumptions& a, int64_t value) { a.feedforward = value; }},
      {"vocabulary", 0, int64_t{1} << 40, [](Assumptions& a, int64_t value) { a.vocabulary = value; }},
  };
  return all;
}

std::vector<std::string> field_names() {
  std::vector<std::string> names;
  for (const Field& field : fields()) names.emplace_back(field.name);
  return names;
}

}  // namespace

Assumptions read_assumptions(const std::string& flag, const std::string& text) {
  Assumptions assumptions;
  std::vector<Problem> problems;
  std::vector<std::string> given;
  const std::string where = flag + " " + text;
  for (const std::string& part : split(text, ',')) {
    const size_t equals = part.find('=');
    const std::string name = part.substr(0, equals);
    const std::vector<std::string> names = field_names();
    const auto known = std::find(names.begin(), names.end(), name);
    int64_t value = 0;
    if (equals == std::string::npos || known == names.end()) {
      problems.push_back({where, fmt::format("expected name=number with {}, got \"{}\"{}", either(names),
                                             part, did_you_mean(name, names))});
      continue;
    }
    const Field& field = fields()[static_cast<size_t>(known - names.begin())];
    if (!parse_whole(part.substr(equals + 1), value) || value < field.low || value > field.high) {
      problems.push_back({where, fmt::format("{}: expected a whole number from {} to {}, got \"{}\"", name,
                                             field.low, field.high, part.substr(equals + 1))});
      continue;
    }
    field.set(assumptions, value);
    given.push_back(name);
  }
  const auto has = [&](const char* name) {
    return std::find(given.begin(), given.end(), name) != given.end();
  };
  if (has("heads") && !has("d")) assumptions.width = assumptions.heads * kHeadSize;
  if (has("d") && !has("heads")) {
    assumptions.heads = std::max<int64_t>(1, assumptions.width / kHeadSize);
    if (assumptions.width % kHeadSize != 0)
      problems.push_back(
          {where, fmt::format("d = {} is no multiple of the heads' 128; give heads=... as well",
                              assumptions.width)});
  } else if (problems.empty() && assumptions.width % assumptions.heads != 0) {
    problems.push_back(
        {where, fmt::format("{} heads do not divide d = {}", assumptions.heads, assumptions.width)});
  }
  if (!problems.empty()) throw BadInput(std::move(problems));
  return assumptions;
}

Shape shape_at(const Assumptions& a, int64_t length, const std::string& where) {
  Shape s;
  s.length = length;
  s.width = a.width;
  s.heads = s.kv_heads = a.heads;
  s.layers = a.layers;
  s.batch = a.batch;
  s.keys = a.keys.value_or(std::min(kDocumentKeys, length / kTokensPerKey));
  s.hidden = a.hidden;
  s.feedforward = a.feedforward;
  s.vocabulary = a.vocabulary;
  s.causal = false;
  if (s.keys < 1)
    throw BadInput(
        where,
        fmt::format("{} tokens leave min(32, T / 16) = 0 keys; give T of at least 16, or --assume k=...",
                    length));
  if (s.keys > length)
    throw BadInput(
        where, fmt::format("{} keys cannot be selected from {} tokens; assume a smaller k", s.keys, length));
  return s;
}

Count full(const Shape& s) {
  return Count(2) * s.batch * s.heads * s.length * s.length * s.head_size() * s.layers;
}

Count sparse(const Shape& s) {
  return Count(s.batch) * s.heads * s.length * s.head_size() * (1 + s.keys) * s.layers;
}

}  // namespace ate::gpt4
