// The longer formula of the same authors: multiply-accumulates, and softmax and top-k operations, counted
// alike; forward, one sequence, one layer, no mask. Both sides have the projections. The sparse side has
// one head with selector and approximator (the terms of published.h) and H - 1 heads that attend to k keys,
// which nothing selects.
#pragma once

#include "analysis/shape.h"

namespace ate::detailed {

// Query, key, value and output projections, on both sides: 4 T d^2.
Count projections(const Shape& shape);

// Scores and mixing of all dense heads: 2 T^2 d.
Count full_attention(const Shape& shape);

// Exponential, sum and division for each score: 3 H T^2.
Count full_softmax(const Shape& shape);

// The one MLP head's top-k over T logits for each of T queries: T^2 log2 k.
Count top_k(const Shape& shape);

// Scores and mixing of the other heads over k keys: (H - 1) 2 T k hd.
Count other_heads(const Shape& shape);

// Their softmax: (H - 1) 3 T k.
Count other_heads_softmax(const Shape& shape);

}  // namespace ate::detailed
