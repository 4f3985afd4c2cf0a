// Exact attention over all keys, the last of them, or blocks that each query chooses, without a matrix of weights: scores of
// a few queries with a block of keys at a time, and a softmax that is corrected as blocks come in (Dao et al. 2022,
// FlashAttention). Memory is linear in T. Plain functions over pointers, no LibTorch; arrays are row-major and dense.
#pragma once

#include <algorithm>
#include <cstdint>

namespace ate::kernels {

struct FlashShape {
  int64_t heads = 1;     // of queries: those of all windows of a batch, one window after the other
  int64_t kv_heads = 1;  // of keys and values; query head h reads kv head h / (heads / kv_heads)
  int64_t length = 1;    // T, of queries and keys
  int64_t head_width = 64;
  bool causal = true;
  // A query reads so many keys: the last ones, or without a causal mask the nearest; 0: all.
  int64_t window = 0;
  // A query reads so many blocks of `block` keys: its own, and those whose mean key has the largest products with it, the
  // first of equals; with a causal mask among the blocks before its own. 0: all keys.
  int64_t blocks_read = 0;
  // Above 0: blocks_read is the least number of blocks. A query reads its own, the first, and then those that could hold most
  // of the softmax's sum, until a bound says that the others hold at most this share of it (model/attention/certified.h).
  double epsilon = 0;
  int64_t block = 64;  // a multiple of 16 that divides 64 or that 64 divides

  static constexpr int64_t kTile = 64;  // keys that are worked on at a time

  static bool can_choose_blocks_of(int64_t keys) {
    return keys % 16 == 0 && (kTile % keys == 0 || keys % kTile == 0);
  }
  int64_t group() const { return heads / kv_heads; }
  int64_t padded_width() const { return (head_width + 15) / 16 * 16; }
  int64_t tiles() const { return (length + kTile - 1) / kTile; }
  int64_t blocks() const { return (length + block - 1) / block; }

  bool certifies() const { return epsilon > 0 && blocks_read > 0; }
  int64_t choice_width() const { return certifies() ? blocks() : blocks_read; }

  // Floats of the packed keys and values of a kv head, see FlashKernels::pack.
  int64_t packed_floats(bool backward) const {
    const int64_t means = blocks_read > 0 ? (blocks() + kTile - 1) / kTile : 0;
    const int64_t bounds = certifies() ? means + tiles() : 0;
    return kTile *
           ((backward ? 2 : 1) * tiles() * (head_width + padded_width()) + means * head_width + bounds);
  }
  // Queries of a forward task. Where they choose, many share what is read of a block.
  int64_t task_rows() const { return blocks_read > 0 ? std::clamp<int64_t>(length / 16, 1024, 2048) : 96; }
  int64_t tasks_per_head() const { return (length + task_rows() - 1) / task_rows(); }
  int64_t forward_tasks() const { return heads * tasks_per_head(); }
  // A kv head's blocks can be dealt to `splits` tasks.
  int64_t backward_tasks(int64_t splits) const { return kv_heads * splits; }
};

// Keys and values that are kept while a model decodes: of each kv head `rows` rows, the first `length` of which are filled.
struct FlashCache {
  const float *keys = nullptr, *values = nullptr;  // [kv_heads, rows, hd]
  int64_t rows = 0;
  // With blocks_read alone: [kv_heads, mean_rows, hd], of the blocks before the last one.
  const float* means = nullptr;
  int64_t mean_rows = 0;
};

// q, out, dout: [heads, T, hd]; k, v, dk, dv: [kv_heads, T, hd]; log_sums: [heads, T], the logarithm of the softmax's sum;
// choice: [heads, T, choice_width], blocks, -1 where there are no more; nullptr without blocks_read.
struct FlashKernels {
  // Writes the keys and values of one kv head as the other two read them, and the means of blocks.
  void (*pack)(const FlashShape& shape, bool backward, int64_t kv_head, const float* k, const float* v,
               float* packed);
  // The blocks that the queries of a task choose. Before `forward`, which itself chooses where the shape certifies.
  void (*choose)(const FlashShape& shape, int64_t task, const float* q, const float* packed, int32_t* choice);
  // A choice that is certified is written, unless `choice` is nullptr; another is read.
  void (*forward)(const FlashShape& shape, int64_t task, const float* q, const float* packed, int32_t* choice,
                  float* out, float* log_sums);
  // `packed` for backward. dq: [splits, heads, T, padded width], zero at first, of which a task adds to its split's part;
  // dk and dv are written. deltas: [heads, T], the sums over hd of out * dout.
  void (*backward)(const FlashShape& shape, int64_t splits, int64_t task, const float* q, const float* packed,
                   const int32_t* choice, const float* dout, const float* log_sums, const float* deltas,
                   float* dq, float* dk, float* dv);
  // The last position alone, of the heads that share a kv head: q, out: [heads, hd]. Not of shapes that certify.
  void (*decode)(const FlashShape& shape, const FlashCache& cache, int64_t kv_head, const float* q,
                 float* out);
};

}  // namespace ate::kernels
