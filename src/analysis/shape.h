// The shape of a transformer whose attention is counted, and what of it is counted.
#pragma once

#include <cstdint>

#include "analysis/count.h"

namespace ate {

// What one output column of the selector is computed for.
enum class SelectorOutputs {
  all,      // a logit for every position, then masked: the selector is a plain MLP with T outputs
  visible,  // only for positions that the query may look at, as a kernel that skips masked blocks would
};

struct Shape {
  int64_t length = 1024;    // T: tokens in the sequence
  int64_t width = 1024;     // d: width of the model; heads * head_size()
  int64_t heads = 16;       // H; divides d
  int64_t kv_heads = 16;    // heads that keys and values have; divides H (grouped-query attention when fewer)
  int64_t keys = 8;         // k: keys that each query selects; a query that sees fewer selects all it sees
  int64_t hidden = 128;     // h: hidden width of the selector and of the approximator
  int64_t feedforward = 4;  // hidden width of the feed-forward block, as a multiple of d
  int64_t layers = 1;       // L
  int64_t vocabulary = 0;   // V: outputs of the last linear map; 0 leaves it out
  int64_t batch = 1;        // B: sequences; for bytes and time. Operations are counted for one sequence
  bool causal = true;       // a query sees itself and what stands before it; false: everything
  SelectorOutputs selector_outputs = SelectorOutputs::all;

  int64_t head_size() const { return width / heads; }  // hd
};

// The direction that is counted: backward is the gradient's, without the forward pass before it.
enum class Pass { forward, backward, both };

// How much of the model is counted, for one sequence.
enum class Scope {
  attention,  // one layer, from queries, keys and values to the heads' outputs
  layer,      // with the projections and the feed-forward block
  model,      // all layers and the last linear map
};

// As settings name them: "forward", "layer".
const char* pass_name(Pass pass);
const char* scope_name(Scope scope);

// T, once with a mask: the pairs of a query and a key that it may look at, in one head.
// T (T + 1) / 2 when causal, else T^2.
Count visible_pairs(const Shape& shape);

// The pairs of a query and a key that it selects, in one head: the sum over queries of min(k, keys it
// sees).
Count selected_pairs(const Shape& shape);

// Comparisons that put one more logit into the k best so far: the depth of a tournament tree with k leaves,
// ceil(log2 k) (Knuth, The Art of Computer Programming 3, 5.4.1). For k = 2^n the authors' log2 k.
int64_t comparisons_per_logit(int64_t keys);

}  // namespace ate
