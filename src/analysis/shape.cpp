#include "analysis/shape.h"

#include <algorithm>

namespace ate {

const char* pass_name(Pass pass) {
  return pass == Pass::forward ? "forward" : pass == Pass::backward ? "backward" : "both";
}

const char* scope_name(Scope scope) {
  return scope == Scope::attention ? "attention" : scope == Scope::layer ? "layer" : "model";
}

Count visible_pairs(const Shape& shape) {
  const Count t = shape.length;
  return shape.causal ? t * (t + 1) / 2 : t * t;
}

Count selected_pairs(const Shape& shape) {
  const Count t = shape.length;
  const Count k = std::min(shape.keys, shape.length);
  // Causal: the first k queries see 1, 2, ..., k keys, the others select k each.
  return shape.causal ? k * (k + 1) / 2 + (t - k) * k : t * k;
}

int64_t comparisons_per_logit(int64_t keys) {
  int64_t depth = 0;
  while ((int64_t{1} << depth) < keys) ++depth;
  return depth;
}

}  // namespace ate
