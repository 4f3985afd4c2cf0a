#include "analysis/detailed.h"

#include <algorithm>

#include "analysis/published.h"

namespace ate::detailed {

Count projections(const Shape& s) { return Count(4) * s.length * s.width * s.width; }

Count full_attention(const Shape& s) { return published::full_attention(s); }

Count full_softmax(const Shape& s) { return Count(3) * s.heads * s.length * s.length; }

Count top_k(const Shape& s) { return Count(s.length) * s.length * comparisons_per_logit(s.keys); }

Count other_heads(const Shape& s) {
  return Count(2) * (s.heads - 1) * s.length * std::min(s.keys, s.length) * s.head_size();
}

Count other_heads_softmax(const Shape& s) {
  return Count(3) * (s.heads - 1) * s.length * std::min(s.keys, s.length);
}

}  // namespace ate::detailed
