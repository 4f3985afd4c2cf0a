// What a training step costs in matrix products. Counted from the config: no LibTorch.
#pragma once

#include "config/config.h"
#include "model/embedding_plan.h"

namespace ate {

// Floating-point operations (2 per multiply-add) of the matrix products of one training step, forward and
// backward, per token of its B windows of T tokens, as this program executes them:
//   embedding   every live row of a projected block is projected once a step: 2 * rows * width * d
//   layer       per token 2 * (4 d^2 + 2 f d^2) in its linear maps, f = feedforward, and 4 * T * d in attention,
//               whose masked half is computed too; heads of a sparse kind cost attention_flops_per_token
//   head        2 * d * V per prediction: T per window, for the bag 1
// A backward pass takes two products for each of the forward pass: 3 times the above in all.
// A backward pass is counted likewise for a selector, which learns in it; choosing the k best is no product.
double training_flops_per_token(const Config& config, const EmbeddingPlan& plan);

// Floating-point operations of one head's attention over a window of T, forward, per token, as this program executes
// them: m is the number of positions read, hd the head's width.
//   dense         4 T hd                                   scores and mixing, the masked half too
//   oracle_topk   2 T hd + 2 m hd
//   window        4 m hd
//   lowrank_topk  4 hd r + 2 T r + 4 m hd                  projections, scores, exact attention
//   block_topk    hd + 2 (T / b) hd + 4 m hd               means, scores, exact attention; m is a multiple of b
//   mlp_topk      2 (hd h + h T) + 2 (k hd h + h hd)       selector, approximator; without one 4 m hd instead
double attention_flops_per_token(const Config& config, AttentionKind kind);

}  // namespace ate
