#include "analysis/amdahl.h"

namespace ate {

Amdahl amdahl(const Shape& shape, Scope scope, Pass pass) {
  const PathCost dense = cost(Accounting::corrected, shape, {pass, scope}).full;
  const Count total = dense.total();
  const Count attention = dense.of(Part::attention);
  return {ratio(attention, total), ratio(total, total - attention)};
}

double whole_speedup(const Amdahl& amdahl, double speedup) {
  return 1 / (1 - amdahl.attention_share + amdahl.attention_share / speedup);
}

}  // namespace ate
