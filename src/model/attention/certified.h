// Blocks of keys that a query need not read, with a proof: a bound on the attention that they hold.
//
// Block j has n_j keys in a ball with centre c_j, their mean, and radius r_j. By Cauchy and Schwarz no score of the block
// is above u_j = scale (q c_j + |q| r_j), so its keys hold at most S_j = n_j exp(u_j) of the softmax's sum. Let Z be the
// sum over the keys that are read, S that of S_j over the blocks that are not. The skipped keys then hold a share
//   p = Z_skipped / (Z_skipped + Z) <= S / (S + Z)
// of the attention, because x / (x + Z) grows with x. Attention over all keys is o = (1 - p) o' + p o", o' being attention
// over those that are read and o" over the others, so |o - o'| = p |o" - o'| <= 2 p max |v|: both are means of values.
//
// Rounding moves both sums; the share that is reported counts that against the proof (rounding_error).
#pragma once

#include "model/attention/attention.h"

namespace ate {

struct Certificate {
  at::Tensor kept;   // [N, H, T, blocks] of bool: what each query reads
  at::Tensor share;  // [N, H, T]: at least the share of attention that the other blocks hold
};

struct CertifiedReads {
  int64_t block = 64;     // keys of a block; the last may have fewer
  int64_t least = 1;      // blocks; all where there are fewer
  double epsilon = 0.01;  // blocks are read until the bound on the share of the others is not above it
};

// A query reads its own block and the first, and then the others in descending order of S_j, the first of equals, until
// `reads` is satisfied; all where a bound is not finite. `scores`: HeadInputs::scores. No gradient.
Certificate certify(const HeadInputs& x, const at::Tensor& scores, const CertifiedReads& reads);

}  // namespace ate
