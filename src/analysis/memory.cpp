#include "analysis/memory.h"

#include <algorithm>

namespace ate::memory {
namespace {

Count per_query_and_head(const Shape& s) { return Count(s.batch) * s.heads * s.length; }

Count queries(const Shape& s, int64_t element_bytes) {
  return Count(element_bytes) * s.batch * s.length * s.width;
}

Count values(const Shape& s, int64_t element_bytes) {
  return Count(element_bytes) * s.batch * s.length * s.head_size() * s.kv_heads;
}

Count keys(const Shape& s) { return std::min(s.keys, s.length); }

}  // namespace

Count inputs_and_outputs(const Shape& s, int64_t element_bytes) {
  return 2 * queries(s, element_bytes) + 2 * values(s, element_bytes);
}

Count scores(const Shape& s, int64_t element_bytes) {
  return element_bytes * per_query_and_head(s) * s.length;
}

Count selected_scores(const Shape& s, int64_t element_bytes) {
  return element_bytes * per_query_and_head(s) * keys(s);
}

Count softmax_statistics(const Shape& s) { return 4 * per_query_and_head(s); }

Count selector_outputs(const Shape& s, int64_t element_bytes) { return scores(s, element_bytes); }

Count gathered_values(const Shape& s, int64_t element_bytes) {
  return element_bytes * per_query_and_head(s) * keys(s) * s.head_size();
}

Count hidden(const Shape& s, int64_t element_bytes) {
  return element_bytes * per_query_and_head(s) * s.hidden;
}

Count selected_positions(const Shape& s) { return 8 * per_query_and_head(s) * keys(s); }

Count naive_peak(const Shape& s, int64_t element_bytes) {
  return inputs_and_outputs(s, element_bytes) + 2 * scores(s, element_bytes);
}

Count fused_peak(const Shape& s, int64_t element_bytes) {
  return inputs_and_outputs(s, element_bytes) + softmax_statistics(s);
}

Count sparse_peak(const Shape& s, int64_t element_bytes) {
  const Count selection = selected_scores(s, element_bytes) + selected_positions(s);
  const Count selecting = selector_outputs(s, element_bytes) + hidden(s, element_bytes);
  const Count approximating = gathered_values(s, element_bytes) + hidden(s, element_bytes);
  return 2 * queries(s, element_bytes) + values(s, element_bytes) + selection +
         std::max(selecting, approximating);
}

Count fused_sparse_peak(const Shape& s, int64_t element_bytes) {
  return 2 * queries(s, element_bytes) + values(s, element_bytes) + selected_positions(s);
}

}  // namespace ate::memory
