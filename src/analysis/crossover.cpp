#include "analysis/crossover.h"

#include <algorithm>

namespace ate {
namespace {

// The difference in cost as a function of T.
class Difference {
 public:
  Difference(Accounting accounting, const Shape& shape, const Coverage& coverage)
      : accounting_(accounting), shape_(shape), coverage_(coverage) {}

  // dense - sparse; positive where sparse is cheaper.
  Count at(int64_t length) const {
    Shape shape = shape_;
    shape.length = length;
    const Cost both = cost(accounting_, shape, coverage_);
    return both.full.total() - both.sparse.total();
  }
  bool sparse_is_cheaper(int64_t length) const { return at(length) > 0; }
  // Whether the difference per token is no lower at length + 1 than at length.
  bool rises(int64_t length) const { return at(length + 1) * length >= at(length) * (length + 1); }

 private:
  Accounting accounting_;
  Shape shape_;
  Coverage coverage_;
};

// The first value in [low, high] for which `holds` is true; it must be true at high, and stay true once it
// is.
template <class Predicate>
int64_t first_that(int64_t low, int64_t high, const Predicate& holds) {
  while (low < high) {
    const int64_t middle = low + (high - low) / 2;
    if (holds(middle))
      high = middle;
    else
      low = middle + 1;
  }
  return low;
}

}  // namespace

Crossover find_crossover(Accounting accounting, Shape shape, const Coverage& coverage) {
  const Difference difference(accounting, shape, coverage);
  const auto cheaper = [&](int64_t length) { return difference.sparse_is_cheaper(length); };
  // The dearest length for the sparse path; the sign changes at most once on either side of it.
  const int64_t lowest =
      first_that(1, kLongest, [&](int64_t length) { return length == kLongest || difference.rises(length); });
  if (cheaper(lowest)) return {1, std::nullopt};
  Crossover found;
  if (cheaper(kLongest)) found.from = first_that(lowest, kLongest, cheaper);
  if (cheaper(1)) found.up_to = first_that(1, lowest, [&](int64_t length) { return !cheaper(length); }) - 1;
  return found;
}

int64_t most_keys(Accounting accounting, Shape shape, const Coverage& coverage) {
  const auto dearer = [&](int64_t keys) {
    shape.keys = keys;
    const Cost both = cost(accounting, shape, coverage);
    return keys > shape.length || both.sparse.total() >= both.full.total();
  };
  return first_that(1, shape.length + 1, dearer) - 1;
}

std::optional<Shape> scan_growing_shapes(Accounting accounting, Shape shape, const Coverage& coverage) {
  for (shape.length = 32; shape.length <= 1 << 20; shape.length *= 2) {
    shape.heads = shape.kv_heads = std::max<int64_t>(2, shape.length / 64);
    shape.width = 64 * shape.heads;
    if (cost(accounting, shape, coverage).ratio() > 1) return shape;
  }
  return std::nullopt;
}

}  // namespace ate
