// Where the sparse path starts to cost less, in exact arithmetic.
#pragma once

#include <optional>

#include "analysis/accounting.h"

namespace ate {

// The longest sequence that is looked at: 2^40 tokens. Below "never" in tables stands for "at no T up to
// this".
inline constexpr int64_t kLongest = int64_t{1} << 40;

// The lengths at which the sparse path costs strictly less: all from `from` to kLongest, and all from 1 to
// `up_to`. Either may be missing, and there are no others: per token, dense minus sparse is a convex
// function of T (a line, less the concave mean number of selected keys), so that it is negative on one
// interval at most. `up_to` comes up when short sequences select nearly all there is and the sparse path is
// spared the key projection.
struct Crossover {
  std::optional<int64_t> from;
  std::optional<int64_t> up_to;  // missing too when the sparse path is cheaper everywhere: then `from` is 1
};

// By bisection on T; shape.length is not read.
Crossover find_crossover(Accounting accounting, Shape shape, const Coverage& coverage = {});

// The most keys that each query may select while the sparse path still costs less at this length, by
// bisection on k (its cost does not fall with k); 0 when even one key costs more. shape.keys is not read.
int64_t most_keys(Accounting accounting, Shape shape, const Coverage& coverage = {});

// How the authors looked for it: T = 32, 64, ... with H = max(2, T / 64) heads of 64. The first shape at
// which the sparse path costs less; nothing when there is none up to T = 2^20.
std::optional<Shape> scan_growing_shapes(Accounting accounting, Shape shape, const Coverage& coverage = {});

}  // namespace ate
