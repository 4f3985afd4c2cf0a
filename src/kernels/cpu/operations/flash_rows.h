// Queries of a forward task on their way through tiles of keys, with the softmax that is corrected as keys come in.
#pragma once

#include <algorithm>
#include <vector>

#include "kernels/cpu/operations/tiles.h"

namespace ate::kernels {
namespace {

constexpr float kLn2 = 0.69314718F;

// The queries of a task on their way: sums are corrected as larger scores come in.
struct Query {
  const float* q;  // [hd]
  float* sum;      // of weights times values, [padded width]
  float* largest;  // score so far
  float* total;    // of weights, [kVector], to be added up
};

// A query's scores with `columns` keys become weights, 2^(scale score - offset), which are counted; `top`: the largest of
// them. Returns the factor of all that was summed before, when the offset was another.
ATE_INLINE float weigh(const Query& query, float* row, int64_t columns, float top, float scale) {
  const float before = *query.largest;
  const float largest = std::max(before, top);
  *query.largest = largest;
  // Where nothing has been read yet, every weight is 0.
  const float offset = largest == -INFINITY ? 0 : largest * scale;
  Vector total = {};
  for (int64_t c = 0; c < columns; c += kVector) {
    const Vector weight = exp2_of(get(row + c) * scale - offset);
    put(row + c, weight);
    total += weight;
  }
  const float correction = before == largest ? 1 : exp2_of(all(before * scale - offset))[0];
  put(query.total, get(query.total) * correction + total);
  return correction;
}

// R queries read `count` keys of a tile. spans: what each reads, from the first key given; nullptr: all of them.
template <int R>
void attend(const FlashShape& shape, const Query* queries, const float* keys_t, const float* values,
            int64_t count, const Span* spans, float scale) {
  alignas(64) float scores[R * kTile];
  float correction[R];
  const float* q[R];
  for (int r = 0; r < R; ++r) q[r] = queries[r].q;
  const int64_t columns = (count + kVector - 1) / kVector * kVector;
  products<R>(q, keys_t, shape.head_width, columns, scores);
  const Span whole = {0, count};
  for (int r = 0; r < R; ++r) {
    float* const row = scores + r * kTile;
    const Span span = spans == nullptr ? whole : spans[r];
    Vector top = all(-INFINITY);
    if (span.low == 0 && span.high == columns) {
      for (int64_t c = 0; c < columns; c += kVector) top = larger(get(row + c), top);
    } else {
      const VectorWords low = VectorWords{} + static_cast<uint32_t>(span.low);
      const VectorWords high = VectorWords{} + static_cast<uint32_t>(span.high);
      for (int64_t c = 0; c < columns; c += kVector) {
        const VectorWords key = counted_from(c);
        const Vector x = key >= low ? (key < high ? get(row + c) : all(-INFINITY)) : all(-INFINITY);
        put(row + c, x);
        top = larger(x, top);
      }
    }
    correction[r] = weigh(queries[r], row, columns, largest_in(top), scale);
  }
  add_products<R>(
      [&](int r, int64_t k) __attribute__((always_inline)) { return scores[r * kTile + k]; }, values, count,
      shape.padded_width(), [&](int r) __attribute__((always_inline)) { return queries[r].sum; },
      [&](int r) __attribute__((always_inline)) { return correction[r]; });
}

// The same of n queries that read keys first, ... of a kv head, at most kTile. `span_of(i)`: what the query i reads of them.
template <class SpanOf>
void attend_all(const FlashShape& shape, const Packed& packed, const Query* queries, int64_t n, int64_t first,
                int64_t count, const SpanOf& span_of, float scale) {
  const float* const keys_t = packed.keys_t + first / kTile * kTile * shape.head_width + first % kTile;
  const float* const values = packed.values + first * shape.padded_width();
  in_row_steps(n, [&](int64_t i, auto rows) {
    constexpr int R = decltype(rows)::value;
    Span spans[R];
    Span least = {count, 0};  // around all of them
    bool whole = true;
    for (int r = 0; r < R; ++r) {
      spans[r] = span_of(i + r);
      if (spans[r].low >= spans[r].high) spans[r] = {0, 0};
      whole = whole && spans[r] == Span{0, count};
      if (spans[r].high == 0) continue;
      least = {std::min(least.low, spans[r].low), std::max(least.high, spans[r].high)};
    }
    if (least.high == 0) return;
    const int64_t skipped = least.low / 16 * 16;
    for (Span& span : spans)
      if (span.high > 0) span = {span.low - skipped, span.high - skipped};
    attend<R>(shape, queries + i, keys_t + skipped, values + skipped * shape.padded_width(),
              least.high - skipped, whole ? nullptr : spans, scale);
  });
}

// The same of the keys of a block. place_of(i): the position of query i.
template <class PlaceOf>
void read_block(const FlashShape& shape, const Packed& packed, const Query* queries, int64_t n, int64_t block,
                const PlaceOf& place_of, float scale) {
  const int64_t end = std::min(shape.length, (block + 1) * shape.block);
  for (int64_t key = block * shape.block; key < end; key += kTile) {
    const int64_t keys = std::min(kTile, end - key);
    attend_all(
        shape, packed, queries, n, key, keys,
        [&](int64_t i) { return visible(shape, place_of(i), key, keys); }, scale);
  }
}

// Room for the queries of a task.
class Rows {
 public:
  Rows(const FlashShape& shape, const float* q, int64_t count)
      : sums_(static_cast<size_t>(count * shape.padded_width())),
        largest_(static_cast<size_t>(count), -INFINITY),
        totals_(static_cast<size_t>(count * kVector)) {
    for (int64_t i = 0; i < count; ++i)
      queries.push_back({q + i * shape.head_width, sums_.data() + i * shape.padded_width(),
                         largest_.data() + i, totals_.data() + i * kVector});
  }
  void write(const FlashShape& shape, float scale, float* out, float* log_sums) const {
    for (size_t i = 0; i < queries.size(); ++i, out += shape.head_width) {
      float total = 0;
      for (int64_t lane = 0; lane < kVector; ++lane) total += queries[i].total[lane];
      for (int64_t d = 0; d < shape.head_width; ++d) out[d] = queries[i].sum[d] / total;
      log_sums[i] = kLn2 * (*queries[i].largest * scale + std::log2(total));
    }
  }

  std::vector<Query> queries;

 private:
  std::vector<float> sums_, largest_, totals_;
};

}  // namespace
}  // namespace ate::kernels
