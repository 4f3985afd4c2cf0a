// A few rows times a tile of columns in registers, and the softmax over them: what flash attention is made of. In vectors of
// the instruction set's own width, because the compiler keeps wider ones in memory.
#pragma once

#include <cmath>
#include <type_traits>
#include <vector>

#include "kernels/cpu/flash_attention.h"
#include "kernels/cpu/operations/vectors.h"

namespace ate::kernels {
namespace {

#if defined(__AVX512F__)
constexpr int kVectorBytes = 64;
constexpr int kWide = 4;  // vectors of a register tile of 6 rows: 24 of 32 registers are sums
#elif defined(__AVX2__)
constexpr int kVectorBytes = 32;
constexpr int kWide = 2;
#else
constexpr int kVectorBytes = 16;
constexpr int kWide = 2;
#endif
typedef float Vector __attribute__((vector_size(kVectorBytes)));
typedef uint32_t VectorWords __attribute__((vector_size(kVectorBytes)));

constexpr int64_t kVector = kVectorBytes / static_cast<int64_t>(sizeof(float));
constexpr int64_t kTile = FlashShape::kTile;
constexpr int64_t kRows = 6;  // of a register tile
constexpr float kLog2e = 1.44269504F;

// A number in every lane; see splat.
ATE_INLINE Vector all(float x) {
#if defined(__AVX512F__)
  return splat(x);
#elif defined(__AVX2__)
  return Vector{x, x, x, x, x, x, x, x};
#else
  return Vector{x, x, x, x};
#endif
}
ATE_INLINE Vector get(const float* p) {
  Vector x;
  __builtin_memcpy(&x, p, sizeof x);
  return x;
}
ATE_INLINE void put(float* p, Vector x) { __builtin_memcpy(p, &x, sizeof x); }
// first, first + 1, ...
ATE_INLINE VectorWords counted_from(int64_t first) {
  VectorWords words = {};
  for (int64_t i = 0; i < kVector; ++i) words[i] = static_cast<uint32_t>(i);
  return words + static_cast<uint32_t>(first);
}
ATE_INLINE Vector larger(Vector a, Vector b) { return a > b ? a : b; }  // b where a is no number
ATE_INLINE float largest_in(Vector x) {
#if defined(__AVX512F__)
  return largest_of(x);
#else
  float largest = x[0];
  for (int64_t i = 1; i < kVector; ++i) largest = x[i] > largest ? x[i] : largest;
  return largest;
#endif
}
ATE_INLINE float sum_in(Vector x) {
#if defined(__AVX512F__)
  return sum_of(x);
#else
  float sum = 0;
  for (int64_t i = 0; i < kVector; ++i) sum += x[i];
  return sum;
#endif
}

// Bit i: whether the i-th of 16 numbers is above a bound.
ATE_INLINE uint32_t bits_above(const float* x, float bound) {
#if defined(__AVX512F__)
  return _mm512_cmp_ps_mask(_mm512_loadu_ps(x), _mm512_set1_ps(bound), _CMP_GT_OQ);
#elif defined(__AVX2__)
  const auto half = [&](const float* y) {
    return static_cast<uint32_t>(
        _mm256_movemask_ps(_mm256_cmp_ps(_mm256_loadu_ps(y), _mm256_set1_ps(bound), _CMP_GT_OQ)));
  };
  return half(x) | half(x + 8) << 8;
#else
  uint32_t bits = 0;
  for (uint32_t i = 0; i < 16; ++i) bits |= (x[i] > bound ? 1U : 0U) << i;
  return bits;
#endif
}

// 2^x to an ulp or two for x <= 127; 0 below -149, or -126 without AVX-512; not a number where x is none. 2^f on |f| <= 1/2 by
// the polynomial whose largest relative error, 7.5e-8, is least.
ATE_INLINE Vector exp2_of(Vector x) {
  const auto power = [](Vector f) __attribute__((always_inline)) {
    Vector p = f * 1.327647069e-3F + 9.675541324e-3F;
    p = p * f + 5.550713278e-2F;
    p = p * f + 2.402211972e-1F;
    p = p * f + 6.931469671e-1F;
    return p * f + 1.000000072F;
  };
#if defined(__AVX512F__)
  x = larger(all(-200.0F), x);
  const auto n = reinterpret_cast<Vector>(_mm512_maskz_roundscale_ps(0xFFFF, reinterpret_cast<__m512>(x), 8));
  return reinterpret_cast<Vector>(
      _mm512_maskz_scalef_ps(0xFFFF, reinterpret_cast<__m512>(power(x - n)), reinterpret_cast<__m512>(n)));
#else
  constexpr float kRound = 12582912.0F;  // as in exp_of
  const Vector clamped = larger(all(-126.0F), x);
  const Vector shifted = clamped + kRound;
  const Vector p = power(clamped - (shifted - kRound));
  const VectorWords scaled =
      reinterpret_cast<VectorWords>(p) +
      ((reinterpret_cast<VectorWords>(shifted) - reinterpret_cast<VectorWords>(all(kRound))) << 23);
  return x > all(-126.0F) ? reinterpret_cast<Vector>(scaled) : x == x ? Vector{} : x;
#endif
}

// sums[r][..] += a(r, k) * b[k][..] over k.
template <int R, int N, class Factor>
ATE_INLINE void accumulate(const Factor& a, const float* b, int64_t stride, int64_t terms,
                           Vector (&sums)[R][N]) {
  for (int64_t k = 0; k < terms; ++k) {
    Vector row[N];
#pragma GCC unroll 8
    for (int n = 0; n < N; ++n) row[n] = get(b + k * stride + n * kVector);
#pragma GCC unroll 8
    for (int r = 0; r < R; ++r) {
      const Vector x = all(a(r, k));
#pragma GCC unroll 8
      for (int n = 0; n < N; ++n) sums[r][n] += x * row[n];
    }
  }
}

// `step(first, width)` over whole vectors of columns, `width` of them at once (a compile-time constant).
template <class Step>
ATE_INLINE void in_column_steps(int64_t columns, const Step& step) {
  int64_t c = 0;
  for (; c + kWide * kVector <= columns; c += kWide * kVector) step(c, std::integral_constant<int, kWide>());
  if constexpr (kWide == 4) {
    if (columns - c > 2 * kVector) return step(c, std::integral_constant<int, 3>());
    if (columns - c > kVector) return step(c, std::integral_constant<int, 2>());
  }
  for (; c < columns; c += kVector) step(c, std::integral_constant<int, 1>());
}

// out[r][..columns) = rows[r] . tile, `terms` of each. out's rows are kTile apart, the tile's too; columns: whole vectors.
template <int R>
ATE_INLINE void products(const float* const* rows, const float* tile, int64_t terms, int64_t columns,
                         float* out) {
  in_column_steps(
      columns, [&](int64_t c, auto width) __attribute__((always_inline)) {
        constexpr int N = decltype(width)::value;
        Vector sums[R][N] = {};
        accumulate<R, N>(
            [&](int r, int64_t k) __attribute__((always_inline)) { return rows[r][k]; }, tile + c, kTile,
            terms, sums);
#pragma GCC unroll 8
        for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
          for (int n = 0; n < N; ++n) put(out + r * kTile + c + n * kVector, sums[r][n]);
      });
}

// out(r)[..columns) = out(r) * scale(r) + the sum over k of a(r, k) * b[k]; b's rows are `columns` long.
template <int R, class Factor, class Out, class Scale>
ATE_INLINE void add_products(const Factor& a, const float* b, int64_t terms, int64_t columns, const Out& out,
                             const Scale& scale) {
  in_column_steps(
      columns, [&](int64_t c, auto width) __attribute__((always_inline)) {
        constexpr int N = decltype(width)::value;
        Vector sums[R][N];
#pragma GCC unroll 8
        for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
          for (int n = 0; n < N; ++n) sums[r][n] = get(out(r) + c + n * kVector) * scale(r);
        accumulate<R, N>(a, b + c, columns, terms, sums);
#pragma GCC unroll 8
        for (int r = 0; r < R; ++r)
#pragma GCC unroll 8
          for (int n = 0; n < N; ++n) put(out(r) + c + n * kVector, sums[r][n]);
      });
}

// `work(first, count)` over n rows, kRows at a time and then 4, 2 and 1 (a compile-time constant).
template <class Work>
ATE_INLINE void in_row_steps(int64_t n, const Work& work) {
  int64_t i = 0;
  for (; i + kRows <= n; i += kRows) work(i, std::integral_constant<int, kRows>());
  if (n - i >= 4) {
    work(i, std::integral_constant<int, 4>());
    i += 4;
  }
  if (n - i >= 2) {
    work(i, std::integral_constant<int, 2>());
    i += 2;
  }
  if (n - i >= 1) work(i, std::integral_constant<int, 1>());
}

// What a query may read of a tile: its keys low, ..., high - 1.
struct Span {
  int64_t low = 0, high = 0;
  bool operator==(const Span&) const = default;
};
// That of query i in the keys first, ..., first + count - 1; of shapes without blocks.
ATE_INLINE Span visible(const FlashShape& shape, int64_t i, int64_t first, int64_t count) {
  int64_t low = 0;
  int64_t high = shape.causal ? i + 1 : shape.length;
  if (shape.window > 0) {
    const int64_t width = shape.window < shape.length ? shape.window : shape.length;
    low = shape.causal ? high - width : i - width / 2;
    if (!shape.causal && low > shape.length - width) low = shape.length - width;
    if (low < 0) low = 0;
    if (!shape.causal) high = low + width;
  }
  const auto inside = [&](int64_t x) { return x < first ? 0 : x > first + count ? count : x - first; };
  return {inside(low), inside(high)};
}

// Where the parts of a packed kv head lie: tiles of keys [hd, kTile], one after the other, and rows of values
// [padded width]; for backward the same of values and keys; then tiles of means of blocks [hd, kTile], and where the shape
// certifies the blocks' radii and for each position the largest norm of a key that its query may read.
struct Packed {
  Packed(const FlashShape& shape, bool backward, const float* base) {
    const int64_t columns = shape.tiles() * kTile * shape.head_width;
    const int64_t rows = shape.tiles() * kTile * shape.padded_width();
    keys_t = base;
    values = keys_t + columns;
    values_t = values + rows;
    keys = values_t + columns;
    means_t = backward ? keys + rows : values_t;
    const int64_t blocks = (shape.blocks() + kTile - 1) / kTile * kTile;
    radii = means_t + blocks * shape.head_width;
    norms = radii + blocks;
  }
  const float *keys_t, *values, *values_t, *keys, *means_t, *radii, *norms;
};

// The task's head, and the first of its queries. Long rows come first, so that threads end together.
struct Task {
  Task(const FlashShape& shape, int64_t task) : head(task % shape.heads), kv_head(head / shape.group()) {
    const int64_t part = shape.tasks_per_head() - 1 - task / shape.heads;
    first = part * shape.task_rows();
    count = std::min(shape.task_rows(), shape.length - first);
  }
  int64_t head, kv_head, first = 0, count = 0;
};

// The queries among `count` that read each block, in order.
struct Readers {
  Readers(const FlashShape& shape, const int32_t* choice, int64_t count)
      : first(static_cast<size_t>(shape.blocks() + 1)) {
    const int64_t width = shape.choice_width();
    const int64_t all = count * width;
    for (int64_t i = 0; i < all; ++i)
      if (choice[i] >= 0) ++first[static_cast<size_t>(choice[i]) + 1];
    for (size_t b = 1; b < first.size(); ++b) first[b] += first[b - 1];
    query.resize(static_cast<size_t>(first.back()));
    std::vector<int32_t> next(first.begin(), first.end() - 1);
    for (int64_t i = 0; i < all; ++i)
      if (choice[i] >= 0)
        query[static_cast<size_t>(next[static_cast<size_t>(choice[i])]++)] = static_cast<int32_t>(i / width);
  }
  std::vector<int32_t> first, query;
};

}  // namespace
}  // namespace ate::kernels
