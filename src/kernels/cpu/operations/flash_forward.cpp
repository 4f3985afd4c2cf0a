#include <algorithm>
#include <utility>
#include <vector>

#include "kernels/cpu/operations/operations.h"
#include "kernels/cpu/operations/tiles.h"

namespace ate::kernels::ATE_INSTRUCTIONS {
namespace {

constexpr float kLn2 = 0.69314718F;

// Rows as tiles of columns: [tiles, width, kTile]; zero beyond the last row.
void pack_columns(const float* rows, int64_t count, int64_t width, float* out) {
  for (int64_t first = 0; first < count; first += kTile, out += kTile * width) {
    const int64_t here = std::min(kTile, count - first);
    for (int64_t d = 0; d < width; ++d) {
      float* const to = out + d * kTile;
      const float* from = rows + first * width + d;
      for (int64_t c = 0; c < here; ++c) to[c] = from[c * width];
      for (int64_t c = here; c < kTile; ++c) to[c] = 0;
    }
  }
}

// [tiles * kTile, padded width], zero beyond what there is.
void pack_rows(const float* rows, const FlashShape& shape, float* out) {
  const int64_t padded = shape.padded_width();
  set_zero(out, shape.tiles() * kTile * padded);
  for (int64_t i = 0; i < shape.length; ++i)
    std::copy_n(rows + i * shape.head_width, shape.head_width, out + i * padded);
}

void mean_keys(const float* k, const FlashShape& shape, float* means) {
  const int64_t width = shape.head_width;
  set_zero(means, shape.blocks() * width);
  for (int64_t b = 0; b < shape.blocks(); ++b) {
    const int64_t count = std::min(shape.block, shape.length - b * shape.block);
    float* const mean = means + b * width;
    for (int64_t i = 0; i < count; ++i)
      for (int64_t d = 0; d < width; ++d) mean[d] += k[(b * shape.block + i) * width + d];
    for (int64_t d = 0; d < width; ++d) mean[d] /= static_cast<float>(count);
  }
}

// The queries of a task on their way: sums are corrected as larger scores come in.
struct Query {
  const float* q;  // [hd]
  float* sum;      // of weights times values, [padded width]
  float* largest;  // score so far
  float* total;    // of weights, [kVector], to be added up
};

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
    const float before = *queries[r].largest;
    const float largest = std::max(before, largest_in(top));
    *queries[r].largest = largest;
    // Weights are 2^(scale score - offset); where nothing has been read yet, every weight is 0.
    const float offset = largest == -INFINITY ? 0 : largest * scale;
    Vector total = {};
    for (int64_t c = 0; c < columns; c += kVector) {
      const Vector weight = exp2_of(get(row + c) * scale - offset);
      put(row + c, weight);
      total += weight;
    }
    correction[r] = before == largest ? 1 : exp2_of(all(before * scale - offset))[0];
    put(queries[r].total, get(queries[r].total) * correction[r] + total);
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

// The task's head, and the first of its queries. Long rows come first, so that threads end together.
struct Task {
  Task(const FlashShape& shape, int64_t task) : head(task % shape.heads), kv_head(head / shape.group()) {
    const int64_t part = shape.tasks_per_head() - 1 - task / shape.heads;
    first = part * shape.task_rows();
    count = std::min(shape.task_rows(), shape.length - first);
  }
  int64_t head, kv_head, first = 0, count = 0;
};

// Of the scores of a query with all blocks: whole tiles, -inf beyond the last block.
struct Scores {
  const float* score;
  int64_t count;

  // How many are above a bound.
  ATE_INLINE int64_t above(float bound) const {
    typedef int32_t Counts __attribute__((vector_size(kVectorBytes)));
    Counts counts[4] = {};
    for (int64_t i = 0; i < count; i += kTile)
      for (int64_t j = 0; j < kTile; j += 4 * kVector)
#pragma GCC unroll 4
        for (int n = 0; n < 4; ++n) counts[n] -= get(score + i + j + n * kVector) > bound;
    const Counts sum = (counts[0] + counts[1]) + (counts[2] + counts[3]);
    int64_t total = 0;
    for (int64_t lane = 0; lane < kVector; ++lane) total += sum[lane];
    return total;
  }
  // The largest score, and one that at least 16 reach: the least of the largest of 16 parts.
  ATE_INLINE std::pair<float, float> bracket() const {
    Floats largest = splat(-INFINITY);
    for (int64_t i = 0; i < count; i += kLanes) largest = max_of(load(score + i), largest);
    float low = largest[0];
    float high = largest[0];
    for (int64_t lane = 1; lane < kLanes; ++lane) {
      low = largest[lane] < low ? largest[lane] : low;
      high = largest[lane] > high ? largest[lane] : high;
    }
    return {low, high};
  }
  float least_above(float bound) const {
    float least = INFINITY;
    for (int64_t i = 0; i < count; ++i) least = score[i] > bound && score[i] < least ? score[i] : least;
    return least;
  }
  float largest_up_to(float bound) const {
    float largest = -INFINITY;
    for (int64_t i = 0; i < count; ++i)
      largest = score[i] <= bound && score[i] > largest ? score[i] : largest;
    return largest;
  }
};

// The `wanted` largest of the first n scores, or all; the first of equals. Written in the order of their places.
void largest_places(const Scores& scores, int64_t n, int64_t wanted, int32_t* places) {
  if (n <= wanted || wanted == 0) {
    for (int64_t i = 0; i < std::min(n, wanted); ++i) places[i] = static_cast<int32_t>(i);
    return;
  }
  auto [low, high] = scores.bracket();
  float bound = -INFINITY;  // scores above it are taken
  int64_t taken = 0;
  // Halves the interval until just `wanted` lie above its upper end, or until no number lies between the ends.
  if (wanted >= kLanes || low == -INFINITY) {
    taken = scores.above(bound);
    low = scores.least_above(bound);
  } else {
    taken = wanted + 1;
  }
  if (taken > wanted) {
    bound = high;
    taken = 0;
    while (taken != wanted) {
      const float middle = low + (bound - low) / 2;
      if (!(middle > low && middle < bound)) break;
      const int64_t count = scores.above(middle);
      if (count > wanted) {
        low = middle;
      } else {
        bound = middle;
        taken = count;
      }
    }
  }
  if (taken == wanted) {
    for (int64_t i = 0; i < scores.count; i += kLanes)
      for (uint32_t bits = bits_above(scores.score + i, bound); bits != 0; bits &= bits - 1)
        *places++ = static_cast<int32_t>(i) + __builtin_ctz(bits);
    return;
  }
  // The rest are the first of those equal to the largest that is not taken.
  const float equal = scores.largest_up_to(bound);
  for (int64_t i = 0; i < n; ++i) {
    const float score = scores.score[i];
    const bool fills = taken < wanted && score == equal;
    if (!fills && !(score > bound)) continue;
    if (fills) ++taken;
    *places++ = static_cast<int32_t>(i);
  }
}

}  // namespace

void flash_pack(const FlashShape& shape, bool backward, int64_t kv_head, const float* k, const float* v,
                float* packed) {
  const int64_t size = shape.length * shape.head_width;
  float* const base = packed + kv_head * shape.packed_floats(backward);
  const Packed parts(shape, backward, base);
  const auto at = [&](const float* part) { return base + (part - base); };
  pack_columns(k + kv_head * size, shape.length, shape.head_width, at(parts.keys_t));
  pack_rows(v + kv_head * size, shape, at(parts.values));
  if (backward) {
    pack_columns(v + kv_head * size, shape.length, shape.head_width, at(parts.values_t));
    pack_rows(k + kv_head * size, shape, at(parts.keys));
  }
  if (shape.blocks_read == 0) return;
  std::vector<float> means(static_cast<size_t>(shape.blocks() * shape.head_width));
  mean_keys(k + kv_head * size, shape, means.data());
  pack_columns(means.data(), shape.blocks(), shape.head_width, at(parts.means_t));
}

void flash_choose(const FlashShape& shape, int64_t number, const float* q, const float* packed,
                  int32_t* choice) {
  const Task task(shape, number);
  const Packed parts(shape, false, packed + task.kv_head * shape.packed_floats(false));
  const int64_t last = shape.causal ? (task.first + task.count - 1) / shape.block : shape.blocks() - 1;
  const int64_t tiles = last / kTile + 1;
  std::vector<float> scores(static_cast<size_t>(tiles * kRows * kTile)),
      row(static_cast<size_t>(tiles * kTile));
  in_row_steps(task.count, [&](int64_t i, auto rows) {
    constexpr int R = decltype(rows)::value;
    const float* queries[R];
    for (int r = 0; r < R; ++r)
      queries[r] = q + (task.head * shape.length + task.first + i + r) * shape.head_width;
    const int64_t needed = shape.causal ? (task.first + i + R - 1) / shape.block + 1 : shape.blocks();
    for (int64_t tile = 0; tile * kTile < needed; ++tile)
      products<R>(queries, parts.means_t + tile * kTile * shape.head_width, shape.head_width,
                  std::min(kTile, (needed - tile * kTile + kVector - 1) / kVector * kVector),
                  scores.data() + tile * kRows * kTile);
    for (int r = 0; r < R; ++r) {
      const int64_t query = task.first + i + r;
      const int64_t own = query / shape.block;
      const int64_t there = shape.causal ? own : shape.blocks();
      const int64_t whole = (there + kTile - 1) / kTile * kTile;
      for (int64_t tile = 0; tile * kTile < there; ++tile)
        std::copy_n(scores.data() + (tile * kRows + r) * kTile, std::min(kTile, there - tile * kTile),
                    row.data() + tile * kTile);
      std::fill(row.begin() + there, row.begin() + whole, -INFINITY);
      int32_t* const chosen = choice + (task.head * shape.length + query) * shape.blocks_read;
      std::fill_n(chosen, shape.blocks_read, -1);
      if (!shape.causal && there > shape.blocks_read) row[static_cast<size_t>(own)] = -INFINITY;
      const bool own_is_among = !shape.causal && there <= shape.blocks_read;
      const int64_t wanted = shape.blocks_read - (own_is_among ? 0 : 1);
      largest_places({row.data(), whole}, there, wanted, chosen);
      if (!own_is_among) chosen[std::min(there, wanted)] = static_cast<int32_t>(own);
    }
  });
}

namespace {

void forward_blocks(const FlashShape& shape, const Task& task, const Packed& parts, const int32_t* choice,
                    float scale, Rows& rows) {
  const Readers readers(shape, choice + (task.head * shape.length + task.first) * shape.blocks_read,
                        task.count);
  std::vector<Query> queries;
  for (int64_t b = 0; b < shape.blocks(); ++b) {
    const int64_t begin = readers.first[static_cast<size_t>(b)];
    const int64_t count = readers.first[static_cast<size_t>(b) + 1] - begin;
    if (count == 0) continue;
    const int32_t* const query = readers.query.data() + begin;
    queries.clear();
    for (int64_t i = 0; i < count; ++i) queries.push_back(rows.queries[static_cast<size_t>(query[i])]);
    const int64_t end = std::min(shape.length, (b + 1) * shape.block);
    for (int64_t key = b * shape.block; key < end; key += kTile) {
      const int64_t keys = std::min(kTile, end - key);
      attend_all(
          shape, parts, queries.data(), count, key, keys,
          [&](int64_t i) { return visible(shape, task.first + query[i], key, keys); }, scale);
    }
  }
}

void forward_spans(const FlashShape& shape, const Task& task, const Packed& parts, float scale, Rows& rows) {
  for (int64_t key = 0; key < shape.length; key += kTile) {
    const int64_t keys = std::min(kTile, shape.length - key);
    const auto span = [&](int64_t i) { return visible(shape, task.first + i, key, keys); };
    // Spans only move on from one query to the next.
    if (span(task.count - 1).high == 0) break;
    if (span(0).low >= keys) continue;
    attend_all(shape, parts, rows.queries.data(), task.count, key, keys, span, scale);
  }
}

}  // namespace

void flash_forward(const FlashShape& shape, int64_t number, const float* q, const float* packed,
                   const int32_t* choice, float* out, float* log_sums) {
  const Task task(shape, number);
  const Packed parts(shape, false, packed + task.kv_head * shape.packed_floats(false));
  const float scale = kLog2e / std::sqrt(static_cast<float>(shape.head_width));
  const int64_t row = task.head * shape.length + task.first;
  Rows rows(shape, q + row * shape.head_width, task.count);
  if (shape.blocks_read > 0)
    forward_blocks(shape, task, parts, choice, scale, rows);
  else
    forward_spans(shape, task, parts, scale, rows);
  rows.write(shape, scale, out + row * shape.head_width, log_sums + row);
}

}  // namespace ate::kernels::ATE_INSTRUCTIONS
