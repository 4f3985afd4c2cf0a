// What a training step costs in matrix products. Counted from the config: no LibTorch.
#pragma once

#include "config/config.h"
#include "model/embedding_plan.h"

namespace ate {

// Floating-point operations (2 per multiply-add) of the matrix products of one training step, forward and
// backward, per token of its B windows of T tokens, as this program executes them:
//   embedding   every live row of a projected block is projected once a step: 2 * rows * width * d
//   layer       per token in its linear maps 2 * (p d + d^2 + 2 f d), where the in-projection has p rows (3 d, fewer
//               with kv_heads) and f is the hidden width (SwiGLU: 3 f d), and 4 * T * d in attention, whose masked
//               half is computed too; heads of another kind cost what its file says
//   head        2 * d * V per prediction: T per window, for the bag 1
// A backward pass takes two products for each of the forward pass: 3 times the above in all.
// A backward pass is counted likewise for a selector, which learns in it; choosing the k best is no product.
double training_flops_per_token(const Config& config, const EmbeddingPlan& plan);

}  // namespace ate
