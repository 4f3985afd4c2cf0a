// What the paths cost when both are counted by the same rules: floating-point operations (2 per
// multiply-add), every head dense or every head sparse, the mask on both sides, each head paying for its
// own selector. For one sequence and one layer.
//
// Left out on both sides, as each is below 1/hd or 1/d of the terms beside it: biases, activations, the
// scale of the scores, the shift of the softmax by its maximum, normalisation, residual sums. Recomputation
// that a fused kernel does in its backward pass is left out too: these are the operations of the function,
// not of one kernel.
//
// `pairs` below is visible_pairs, `selected` is selected_pairs. A product's backward pass takes two
// products of the same size: the gradient of each factor.
#pragma once

#include "analysis/shape.h"

namespace ate::corrected {

struct Flops {
  Count forward;
  Count backward;

  Count of(Pass pass) const {
    return pass == Pass::forward ? forward : pass == Pass::backward ? backward : forward + backward;
  }
};

// Scores Q K^T: 2 H hd pairs (Vaswani et al. 2017, eq. 1).
Flops dense_scores(const Shape& shape);

// Exponential, sum and division for each score: 3 H pairs, as in the authors' longer formula. Backward,
// p (g - sum of p g): 4 H pairs.
Flops dense_softmax(const Shape& shape);

// Weights times values, P V: 2 H hd pairs.
Flops dense_mixing(const Shape& shape);

// The selector's first layer, hd -> h, in every head: 2 H T hd h.
Flops selector_hidden(const Shape& shape);

// The selector's second layer, h -> T: 2 H h T^2, or 2 H h pairs when only visible outputs are computed.
// With all outputs and h >= hd this alone is no less than 2 H hd T^2, what causal dense scores and mixing
// tend to.
Flops selector_logits(const Shape& shape);

// Top-k over the visible logits: H pairs max(1, ceil(log2 k)) comparisons. No gradient passes.
Flops selector_top_k(const Shape& shape);

// The approximator's first layer, from the selected values side by side: 2 H hd h selected.
Flops approximator_hidden(const Shape& shape);

// The approximator's second layer, h -> hd: 2 H T h hd.
Flops approximator_output(const Shape& shape);

// Query projection: 2 T d^2.
Flops query_projection(const Shape& shape);

// Key projection: 2 T d hd Hkv. The sparse path is spared it: no key is ever read.
Flops key_projection(const Shape& shape);

// Value projection: 2 T d hd Hkv.
Flops value_projection(const Shape& shape);

// Output projection: 2 T d^2.
Flops output_projection(const Shape& shape);

// Two linear maps, d -> f d -> d with f = feedforward: 4 f T d^2.
Flops feed_forward(const Shape& shape);

// The last linear map, d -> V, once per model: 2 T d V.
Flops unembedding(const Shape& shape);

}  // namespace ate::corrected
