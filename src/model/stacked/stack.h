// The arrays of a stack: R models of one config, of any arms but tied, in [R, S] arrays where S is the
// largest layout's size. A layout puts the embedding first and the trunk, which is alike in all, after it; so
// each model takes the last layout.size columns of its row, and a tensor of the trunk stands in the same
// columns of every row.
#pragma once

#include <string>
#include <vector>

#include "model/arena.h"
#include "model/embedding_plan.h"
#include "model/layout.h"
#include "random/counter.h"

namespace ate {

// One model of a stack.
struct Replica {
  const EmbeddingPlan* plan = nullptr;
  const Layout* layout = nullptr;
  at::Tensor noise;  // [plan->noise_rows, d]; undefined when there are none
  RandomKey key;     // of its dropout masks
};

// Zeros for all of them: [R, S], and as much for each array of the optimiser's state.
Arena make_stack(const std::vector<Replica>& replicas, at::TensorOptions options, size_t state_arrays);

// The part of the stack that is replica r's own arena, with a layout of `size` elements.
Arena replica_arena(const Arena& stack, int64_t r, int64_t size);

// [R, S]: 1 where weight decay acts on a parameter, 0 elsewhere; undefined where it acts on all.
at::Tensor decay_mask(const std::vector<Replica>& replicas, const Arena& stack, Decayed decayed);

// A tensor of the trunk over all replicas, [R, its shape] both.
struct TrunkTensor {
  at::Tensor leaf;      // requires a gradient
  at::Tensor gradient;  // where its gradient belongs in the stack
};

// The trunk's weights by their places. Where the layouts have none both are undefined. Throws Failure where they have it
// in different places.
ModelWeights<TrunkTensor> trunk_tensors(const std::vector<Replica>& replicas, const Arena& stack);

}  // namespace ate
