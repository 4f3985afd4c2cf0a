// The three accountings: the terms of each, and the costs as lists of them.
#pragma once

#include <string>
#include <vector>

#include "analysis/shape.h"

// The accounting behind the table that the original report prints: multiply-accumulates, forward, one
// sequence, one layer, no mask, no projections. It sets ONE sparse head against ALL dense heads. Source:
// the original report's table "Computational Analysis", whose rows come out of these formulas to the printed digit
// with hd = 64, k = 8, h = 128.
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

// The longer formula of the same authors: multiply-accumulates, and softmax and top-k operations, counted
// alike; forward, one sequence, one layer, no mask. Both sides have the projections. The sparse side has
// one head with selector and approximator (the terms of `published`) and H - 1 heads that attend to k keys,
// which nothing selects.
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

namespace ate {

enum class Accounting {
  published,
  detailed,
  corrected,
};
inline constexpr Accounting kAccountings[] = {Accounting::published, Accounting::detailed,
                                              Accounting::corrected};
const char* accounting_name(Accounting accounting);
const char* accounting_unit(Accounting accounting);  // "MAC", "operations" or "FLOP"

enum class Part { attention, selector, projection, feed_forward, unembedding };

struct Term {
  const char* name;     // "selector_logits"
  const char* formula;  // for one layer, forward
  Part part;
  Count count;
};

struct PathCost {
  std::vector<Term> terms;

  Count total() const;
  Count of(Part part) const;
};

struct Cost {
  PathCost full;    // dense attention
  PathCost sparse;  // selector, top-k and approximator

  double ratio() const { return ate::ratio(full.total(), sparse.total()); }
};

// What is counted of the shape. The authors' two formulas are forward, unmasked and of fixed extent: for
// them neither matters.
struct Coverage {
  Pass pass = Pass::forward;
  Scope scope = Scope::attention;
};

// Operations for one sequence, in accounting_unit.
Cost cost(Accounting accounting, const Shape& shape, const Coverage& coverage = {});

}  // namespace ate
