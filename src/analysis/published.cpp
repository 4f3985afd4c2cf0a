#include "analysis/published.h"

#include <algorithm>

namespace ate::published {

Count full_attention(const Shape& s) { return Count(2) * s.length * s.length * s.width; }

Count selector_hidden(const Shape& s) { return Count(s.length) * s.head_size() * s.hidden; }

Count selector_logits(const Shape& s) { return Count(s.length) * s.hidden * s.length; }

Count approximator_hidden(const Shape& s) {
  return Count(s.length) * std::min(s.keys, s.length) * s.head_size() * s.hidden;
}

Count approximator_output(const Shape& s) { return Count(s.length) * s.hidden * s.head_size(); }

}  // namespace ate::published
