// The accounting behind the table that the seed document prints: multiply-accumulates, forward, one
// sequence, one layer, no mask, no projections. It sets ONE sparse head against ALL dense heads. Source:
// the document's table "Computational Analysis", whose rows come out of these formulas to the printed digit
// with hd = 64, k = 8, h = 128.
#pragma once

#include "analysis/shape.h"

namespace ate::published {

// Scores Q K^T and mixing P V of all heads: 2 T^2 d.
Count full_attention(const Shape& shape);

// The selector's first layer, hd -> h, of one head: T hd h.
Count selector_hidden(const Shape& shape);

// The selector's second layer, h -> T, of one head: T h T. The term that is quadratic in T.
Count selector_logits(const Shape& shape);

// The approximator's first layer, from the k selected values side by side, k hd -> h: T k hd h.
Count approximator_hidden(const Shape& shape);

// The approximator's second layer, h -> hd: T h hd.
Count approximator_output(const Shape& shape);

}  // namespace ate::published
