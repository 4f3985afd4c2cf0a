// Products of matrices that fit the first cache: rows in blocks of four, columns in pairs of vectors, both held in
// registers.
#pragma once

#include "kernels/cpu/operations/vectors.h"

namespace ate::kernels {
namespace {

// An operand read number by number: element (i, k) is p[i * row + k * step].
struct Scalars {
  const float* p;
  int64_t row, step;
};
// An operand or result in whole vectors: row i begins at p + i * row.
struct ConstRows {
  const float* p;
  int64_t row;
};
struct Rows {
  float* p;
  int64_t row;
};

// What a causal mask leaves of a product C = A B. With i a row of C:
enum class Part {
  whole,
  columns_to_row,  // C's columns up to i alone are wanted
  terms_to_row,    // A is zero for k > i
  terms_from_row,  // A is zero for k < i
};

template <int R, int W>
ATE_INLINE void product_block(Scalars a, ConstRows b, Rows c, int64_t i, int64_t j, int64_t begin,
                              int64_t end) {
  Floats sum[R][W] = {};
  for (int64_t k = begin; k < end; ++k) {
    Floats column[W];
    for (int w = 0; w < W; ++w) column[w] = load(b.p + k * b.row + j + w * kLanes);
    for (int r = 0; r < R; ++r) {
      const float x = a.p[(i + r) * a.row + k * a.step];
      for (int w = 0; w < W; ++w) sum[r][w] += column[w] * x;
    }
  }
  for (int r = 0; r < R; ++r)
    for (int w = 0; w < W; ++w) store(c.p + (i + r) * c.row + j + w * kLanes, sum[r][w]);
}

template <int R>
ATE_INLINE void product_rows(Scalars a, ConstRows b, Rows c, int64_t i, int64_t n, int64_t terms, Part part) {
  const int64_t begin = part == Part::terms_from_row ? i : 0;
  const int64_t end = part == Part::terms_to_row && i + R < terms ? i + R : terms;
  const int64_t wanted = AttentionShape::padded(part == Part::columns_to_row && i + R < n ? i + R : n);
  int64_t j = 0;
  for (; j + 2 * kLanes <= wanted; j += 2 * kLanes) product_block<R, 2>(a, b, c, i, j, begin, end);
  if (j < wanted) product_block<R, 1>(a, b, c, i, j, begin, end);
}

// C [m, n padded to whole vectors] = A [m, terms] B [terms, n].
ATE_INLINE void small_product(Scalars a, ConstRows b, Rows c, int64_t m, int64_t n, int64_t terms,
                              Part part) {
  int64_t i = 0;
  for (; i + 4 <= m; i += 4) product_rows<4>(a, b, c, i, n, terms, part);
  for (; i < m; ++i) product_rows<1>(a, b, c, i, n, terms, part);
}

}  // namespace
}  // namespace ate::kernels
