// Attention of the last position alone: rows of keys and values are read where they are kept, each once.
#include <algorithm>
#include <vector>

#include "kernels/cpu/operations/flash_rows.h"
#include "kernels/cpu/operations/largest_places.h"
#include "kernels/cpu/operations/operations.h"

namespace ate::kernels::ATE_INSTRUCTIONS {
namespace {

// out[i] = q . rows[i], N rows at a time so that their sums do not wait for each other.
template <int N>
ATE_INLINE void dot_rows(const float* q, const float* rows, int64_t width, float* out) {
  Vector sums[N] = {};
  const int64_t whole = width / kVector * kVector;
  for (int64_t d = 0; d < whole; d += kVector) {
    const Vector x = get(q + d);
#pragma GCC unroll 8
    for (int n = 0; n < N; ++n) sums[n] += x * get(rows + n * width + d);
  }
  for (int n = 0; n < N; ++n) {
    out[n] = sum_in(sums[n]);
    for (int64_t d = whole; d < width; ++d) out[n] += q[d] * rows[n * width + d];
  }
}
void dots(const float* q, const float* rows, int64_t count, int64_t width, float* out) {
  int64_t i = 0;
  for (; i + 8 <= count; i += 8) dot_rows<8>(q, rows + i * width, width, out + i);
  for (; i < count; ++i) dot_rows<1>(q, rows + i * width, width, out + i);
}

// sum = sum * scale + the sum over i of weights[i] * rows[i].
void add_rows(const float* weights, const float* rows, int64_t count, int64_t width, float scale,
              float* sum) {
  const int64_t whole = width / kVector * kVector;
  in_column_steps(
      whole, [&](int64_t c, auto steps) __attribute__((always_inline)) {
        constexpr int N = decltype(steps)::value;
        Vector sums[1][N];
        for (int n = 0; n < N; ++n) sums[0][n] = get(sum + c + n * kVector) * scale;
        accumulate<1, N>(
            [&](int, int64_t i) __attribute__((always_inline)) { return weights[i]; }, rows + c, width, count,
            sums);
        for (int n = 0; n < N; ++n) put(sum + c + n * kVector, sums[0][n]);
      });
  for (int64_t d = whole; d < width; ++d) {
    sum[d] *= scale;
    for (int64_t i = 0; i < count; ++i) sum[d] += weights[i] * rows[i * width + d];
  }
}

// The queries of a kv head read the keys first, ..., end - 1.
void read_rows(const FlashShape& shape, const float* keys, const float* values, const Query* queries,
               int64_t count, int64_t first, int64_t end, float scale) {
  alignas(64) float scores[kTile];
  const int64_t width = shape.head_width;
  for (; first < end; first += kTile) {
    const int64_t here = std::min(kTile, end - first);
    const int64_t columns = (here + kVector - 1) / kVector * kVector;
    for (int64_t i = 0; i < count; ++i) {
      dots(queries[i].q, keys + first * width, here, width, scores);
      std::fill(scores + here, scores + columns, -INFINITY);
      Vector top = all(-INFINITY);
      for (int64_t c = 0; c < columns; c += kVector) top = larger(get(scores + c), top);
      const float correction = weigh(queries[i], scores, columns, largest_in(top), scale);
      add_rows(scores, values + first * width, here, width, correction, queries[i].sum);
    }
  }
}

}  // namespace

void flash_decode(const FlashShape& shape, const FlashCache& cache, int64_t kv_head, const float* q,
                  float* out) {
  const int64_t width = shape.head_width;
  const int64_t group = shape.group();
  const float scale = kLog2e / std::sqrt(static_cast<float>(width));
  const float* const keys = cache.keys + kv_head * cache.rows * width;
  const float* const values = cache.values + kv_head * cache.rows * width;
  Rows rows(shape, q + kv_head * group * width, group);
  const Query* const queries = rows.queries.data();
  if (shape.blocks_read == 0) {
    const int64_t first = shape.window > 0 ? std::max<int64_t>(0, shape.length - shape.window) : 0;
    read_rows(shape, keys, values, queries, group, first, shape.length, scale);
  } else {
    const int64_t own = (shape.length - 1) / shape.block;  // the last block, which all read
    const int64_t whole = (own + kTile - 1) / kTile * kTile;
    std::vector<float> scores(static_cast<size_t>(whole), -INFINITY);
    std::vector<int32_t> chosen(static_cast<size_t>(shape.blocks_read));
    for (int64_t i = 0; i < group; ++i) {
      dots(queries[i].q, cache.means + kv_head * cache.mean_rows * width, own, width, scores.data());
      const int64_t wanted = shape.blocks_read - 1;
      largest_places({scores.data(), whole}, own, wanted, chosen.data());
      for (int64_t n = 0; n < std::min(own, wanted); ++n)
        read_rows(shape, keys, values, queries + i, 1, chosen[static_cast<size_t>(n)] * shape.block,
                  (chosen[static_cast<size_t>(n)] + 1) * shape.block, scale);
    }
    read_rows(shape, keys, values, queries, group, own * shape.block, shape.length, scale);
  }
  std::vector<float> log_sums(static_cast<size_t>(group));
  rows.write(shape, scale, out + kv_head * group * width, log_sums.data());
}

}  // namespace ate::kernels::ATE_INSTRUCTIONS
