// Attention by the CPU's flash kernels (kernels/cpu/flash_attention.h), with its gradient.
#pragma once

#include <ATen/core/Tensor.h>

namespace ate {

// What each query reads; by default all keys.
struct FlashReads {
  int64_t window = 0;       // the last so many keys; without a causal mask the nearest
  int64_t blocks_read = 0;  // blocks of `block` keys: its own and those of the largest mean key
  int64_t block = 64;
  // Above 0: at least blocks_read blocks, and more until others hold at most this share of the attention (certified.h).
  double epsilon = 0;
};

// Whether they serve such arrays: floats on the CPU.
bool flash_serves(const at::Tensor& queries);

// queries: [N, H, T, hd]; keys, values: [N, Hkv, T, hd], H a multiple of Hkv. Scores are divided by the root of hd. Returns
// [N, H, T, hd]. Memory beyond the arrays: linear in T. The choice of blocks has no gradient.
at::Tensor flash_attention(const at::Tensor& queries, const at::Tensor& keys, const at::Tensor& values,
                           bool causal, const FlashReads& reads = {});

// The queries of the last position, [heads, hd], over keys and values that are kept: [kv_heads, n, hd], of which a head's
// rows are dense, and the heads any distance apart. Blocks alone: means, [kv_heads, at least the blocks before the last
// one, hd], as dense. Returns [heads, hd]; no gradient. `reads` must not certify.
at::Tensor flash_decode(const at::Tensor& queries, const at::Tensor& keys, const at::Tensor& values,
                        const FlashReads& reads = {}, const at::Tensor& means = {});

}  // namespace ate
