// Bisection against a look at every T and every k.
#include "analysis/crossover.h"

#include "catch.h"

using namespace ate;

namespace {

struct Case {
  Accounting accounting;
  Shape shape;
  Coverage coverage;
};

Shape shape_of(int64_t heads, int64_t head_size, int64_t keys, int64_t hidden, bool causal) {
  Shape s;
  s.heads = s.kv_heads = heads;
  s.width = heads * head_size;
  s.keys = keys;
  s.hidden = hidden;
  s.causal = causal;
  return s;
}

// Sizes that make every kind of answer: always, from somewhere, only short sequences, both, never.
std::vector<Case> cases() {
  std::vector<Case> out;
  for (const Accounting accounting : kAccountings)
    for (const int64_t heads : {1, 8})
      for (const int64_t head_size : {8, 64})
        for (const int64_t keys : {1, 8, 100})
          for (const int64_t hidden : {1, 4, 63, 64, 128})
            for (const bool causal : {false, true})
              for (const Scope scope : {Scope::attention, Scope::layer})
                for (const Pass pass : {Pass::forward, Pass::both})
                  out.push_back(
                      {accounting, shape_of(heads, head_size, keys, hidden, causal), {pass, scope}});
  return out;
}

bool sparse_is_cheaper(const Case& c, int64_t length) {
  Shape s = c.shape;
  s.length = length;
  const Cost both = cost(c.accounting, s, c.coverage);
  return both.sparse.total() < both.full.total();
}

bool says_cheaper(const Crossover& found, int64_t length) {
  return (found.from && length >= *found.from) || (found.up_to && length <= *found.up_to);
}

}  // namespace

TEST_CASE("bisection agrees with every T up to 400, and with far ones", "[analysis]") {
  for (const Case& c : cases()) {
    const Crossover found = find_crossover(c.accounting, c.shape, c.coverage);
    CAPTURE(accounting_name(c.accounting), c.shape.heads, c.shape.head_size(), c.shape.keys, c.shape.hidden,
            c.shape.causal, static_cast<int>(c.coverage.scope), static_cast<int>(c.coverage.pass));
    int64_t wrong = 0;
    for (int64_t length = 1; length <= 400; ++length)
      if (says_cheaper(found, length) != sparse_is_cheaper(c, length)) wrong = length;
    for (int64_t length = 512; length <= kLongest; length *= 4)
      if (says_cheaper(found, length) != sparse_is_cheaper(c, length)) wrong = length;
    CHECK(wrong == 0);
    if (found.from && *found.from > 1) {
      CHECK(sparse_is_cheaper(c, *found.from));
      CHECK_FALSE(sparse_is_cheaper(c, *found.from - 1));
    }
  }
}

TEST_CASE("the cases have every kind of answer", "[analysis]") {
  int always = 0, from = 0, up_to = 0, both = 0, never = 0;
  for (const Case& c : cases()) {
    const Crossover found = find_crossover(c.accounting, c.shape, c.coverage);
    always += found.from == std::optional<int64_t>(1) ? 1 : 0;
    from += found.from && *found.from > 1 && !found.up_to ? 1 : 0;
    up_to += !found.from && found.up_to ? 1 : 0;
    both += found.from && found.up_to ? 1 : 0;
    never += !found.from && !found.up_to ? 1 : 0;
  }
  CHECK(always > 0);
  CHECK(from > 0);
  CHECK(up_to > 0);
  CHECK(both > 0);
  CHECK(never > 0);
}

TEST_CASE("corrected: a selector no narrower than a head never pays against causal attention", "[analysis]") {
  for (const int64_t head_size : {16, 64, 128})
    for (const int64_t heads : {1, 16})
      for (const int64_t keys : {8, 32})
        for (const int64_t extra : {0, 1, 64}) {
          const Shape s = shape_of(heads, head_size, keys, head_size + extra, true);
          const Crossover found = find_crossover(Accounting::corrected, s);
          CHECK_FALSE(found.from);
          CHECK_FALSE(found.up_to);
        }
}

TEST_CASE("corrected: with the document's sizes not even a selector that skips the mask pays", "[analysis]") {
  Shape s = shape_of(16, 64, 8, 128, true);
  s.selector_outputs = SelectorOutputs::visible;
  CHECK_FALSE(find_crossover(Accounting::corrected, s).from);
  s.hidden = 64;  // half as wide it would, in the end
  CHECK(find_crossover(Accounting::corrected, s).from);
}

TEST_CASE("the length of the shape does not matter to its crossover", "[analysis]") {
  Shape s = shape_of(8, 64, 8, 128, true);
  s.length = 4;
  const Crossover first = find_crossover(Accounting::published, s);
  s.length = 1 << 20;
  CHECK(first.from == find_crossover(Accounting::published, s).from);
  CHECK(first.from == std::optional<int64_t>(92));
}

TEST_CASE("the most keys are those that a look at every k finds", "[analysis]") {
  for (const Accounting accounting : kAccountings)
    for (const int64_t hidden : {2, 16, 128})
      for (const int64_t length : {1, 5, 64, 150}) {
        Shape s = shape_of(8, 64, 1, hidden, true);
        s.length = length;
        int64_t most = 0;
        for (s.keys = 1; s.keys <= length; ++s.keys) {
          const Cost both = cost(accounting, s);
          if (both.sparse.total() < both.full.total()) most = s.keys;
        }
        CAPTURE(accounting_name(accounting), hidden, length);
        CHECK(most_keys(accounting, s) == most);
      }
}
