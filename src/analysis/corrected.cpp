#include "analysis/corrected.h"

#include <algorithm>

namespace ate::corrected {
namespace {

// `multiply_adds` of a matrix product; its backward pass has two products of the same size.
Flops product(const Count& multiply_adds) { return {2 * multiply_adds, 4 * multiply_adds}; }

}  // namespace

Flops dense_scores(const Shape& s) { return product(visible_pairs(s) * s.heads * s.head_size()); }

Flops dense_softmax(const Shape& s) {
  const Count scores = visible_pairs(s) * s.heads;
  return {3 * scores, 4 * scores};
}

Flops dense_mixing(const Shape& s) { return product(visible_pairs(s) * s.heads * s.head_size()); }

Flops selector_hidden(const Shape& s) {
  return product(Count(s.length) * s.heads * s.head_size() * s.hidden);
}

Flops selector_logits(const Shape& s) {
  const bool all = s.selector_outputs == SelectorOutputs::all;
  return product((all ? Count(s.length) * s.length : visible_pairs(s)) * s.heads * s.hidden);
}

Flops selector_top_k(const Shape& s) {
  return {visible_pairs(s) * s.heads * std::max<int64_t>(1, comparisons_per_logit(s.keys)), 0};
}

Flops approximator_hidden(const Shape& s) {
  return product(selected_pairs(s) * s.heads * s.head_size() * s.hidden);
}

Flops approximator_output(const Shape& s) {
  return product(Count(s.length) * s.heads * s.hidden * s.head_size());
}

Flops query_projection(const Shape& s) { return product(Count(s.length) * s.width * s.width); }

Flops key_projection(const Shape& s) {
  return product(Count(s.length) * s.width * s.head_size() * s.kv_heads);
}

Flops value_projection(const Shape& s) { return key_projection(s); }

Flops output_projection(const Shape& s) { return product(Count(s.length) * s.width * s.width); }

Flops feed_forward(const Shape& s) {
  return product(Count(2) * s.feedforward * s.length * s.width * s.width);
}

Flops unembedding(const Shape& s) { return product(Count(s.length) * s.width * s.vocabulary); }

}  // namespace ate::corrected
