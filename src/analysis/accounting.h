// The three accountings as lists of terms.
#pragma once

#include <string>
#include <vector>

#include "analysis/shape.h"

namespace ate {

enum class Accounting {
  published,  // published.h
  detailed,   // detailed.h
  corrected,  // corrected.h
};
inline constexpr Accounting kAccountings[] = {Accounting::published, Accounting::detailed,
                                              Accounting::corrected};
const char* accounting_name(Accounting accounting);
const char* accounting_unit(Accounting accounting);  // "MAC", "operations" or "FLOP"

enum class Part { attention, selector, projection, feed_forward, unembedding };

struct Term {
  const char* name;     // "selector_logits"
  const char* formula;  // for one layer, forward
  Part part;
  Count count;
};

struct PathCost {
  std::vector<Term> terms;

  Count total() const;
  Count of(Part part) const;
};

struct Cost {
  PathCost full;    // dense attention
  PathCost sparse;  // selector, top-k and approximator

  double ratio() const { return ate::ratio(full.total(), sparse.total()); }
};

// What is counted of the shape. The authors' two formulas are forward, unmasked and of fixed extent: for
// them neither matters.
struct Coverage {
  Pass pass = Pass::forward;
  Scope scope = Scope::attention;
};

// Operations for one sequence, in accounting_unit.
Cost cost(Accounting accounting, const Shape& shape, const Coverage& coverage = {});

}  // namespace ate
