// With P the weights, D the deltas: dV = P^T dO, dS = P (dO V^T - D) scale, dQ = dS K, dK = dS^T Q (Dao et al. 2022). P comes
// back from the scores and the softmax's sums.
#include <algorithm>
#include <vector>

#include "kernels/cpu/operations/operations.h"
#include "kernels/cpu/operations/tiles.h"

namespace ate::kernels::ATE_INSTRUCTIONS {
namespace {

constexpr int64_t kTogether = 48;  // queries whose weights are kept until they are summed up by key

// One tile of keys and values on its way through its readers.
class KeyTile {
 public:
  KeyTile(const FlashShape& shape)
      : shape_(shape),
        width_(shape.padded_width()),
        scale_(1 / std::sqrt(static_cast<float>(shape.head_width))),
        q_(static_cast<size_t>(kTogether * width_)),
        dout_(static_cast<size_t>(kTogether * width_)),
        dk_(static_cast<size_t>(kTile * width_)),
        dv_(static_cast<size_t>(kTile * width_)),
        weights_(static_cast<size_t>(kTogether * kTile)),
        dscores_(static_cast<size_t>(kTogether * kTile)) {}

  void start(const Packed& packed, int64_t key, int64_t keys) {
    key_ = key;
    keys_ = keys;
    columns_ = (keys + kVector - 1) / kVector * kVector;
    keys_t_ = packed.keys_t + key / kTile * kTile * shape_.head_width + key % kTile;
    values_t_ = packed.values_t + key / kTile * kTile * shape_.head_width + key % kTile;
    keys_rows_ = packed.keys + key * width_;
    std::fill(dk_.begin(), dk_.end(), 0.0F);
    std::fill(dv_.begin(), dv_.end(), 0.0F);
  }

  // Queries query(0), ..., query(n - 1) of one head, whose arrays these are.
  template <class QueryOf>
  void read_by(const QueryOf& query, int64_t n, const float* q, const float* dout, const float* log_sums,
               const float* deltas, float* dq) {
    for (int64_t first = 0; first < n; first += kTogether) {
      const int64_t count = std::min(kTogether, n - first);
      for (int64_t i = 0; i < count; ++i) {
        const int64_t at = query(first + i) * shape_.head_width;
        std::copy_n(q + at, shape_.head_width, q_.data() + i * width_);
        std::copy_n(dout + at, shape_.head_width, dout_.data() + i * width_);
      }
      in_row_steps(count, [&](int64_t i, auto rows) {
        constexpr int R = decltype(rows)::value;
        int64_t place[R];
        for (int r = 0; r < R; ++r) place[r] = query(first + i + r);
        weigh<R>(place, i, log_sums, deltas, dq);
      });
      in_row_steps(keys_, [&](int64_t c, auto rows) {
        constexpr int R = decltype(rows)::value;
        add_by_key<R>(weights_.data() + c, dout_.data(), count, dv_.data() + c * width_);
        add_by_key<R>(dscores_.data() + c, q_.data(), count, dk_.data() + c * width_);
      });
    }
  }

  void write(float* dk, float* dv) const {
    for (int64_t c = 0; c < keys_; ++c) {
      std::copy_n(dk_.data() + c * width_, shape_.head_width, dk + (key_ + c) * shape_.head_width);
      std::copy_n(dv_.data() + c * width_, shape_.head_width, dv + (key_ + c) * shape_.head_width);
    }
  }

 private:
  // Weights and gradients of scores of R queries, of which the first is the i-th of those together; adds to their dq.
  template <int R>
  void weigh(const int64_t* place, int64_t i, const float* log_sums, const float* deltas, float* dq) {
    const float* q[R];
    const float* dout[R];
    for (int r = 0; r < R; ++r) {
      q[r] = q_.data() + (i + r) * width_;
      dout[r] = dout_.data() + (i + r) * width_;
    }
    float* const weights = weights_.data() + i * kTile;
    float* const dscores = dscores_.data() + i * kTile;
    products<R>(q, keys_t_, shape_.head_width, columns_, weights);
    products<R>(dout, values_t_, shape_.head_width, columns_, dscores);
    for (int r = 0; r < R; ++r) {
      const Span span = visible(shape_, place[r], key_, keys_);
      const VectorWords low = VectorWords{} + static_cast<uint32_t>(span.low);
      const VectorWords high = VectorWords{} + static_cast<uint32_t>(span.high);
      const bool whole = span.low == 0 && span.high == columns_;
      const float log_sum = log_sums[place[r]] * kLog2e;
      const float delta = deltas[place[r]];
      for (int64_t c = 0; c < columns_; c += kVector) {
        float* const weight = weights + r * kTile + c;
        float* const dscore = dscores + r * kTile + c;
        Vector w = exp2_of(get(weight) * (scale_ * kLog2e) - log_sum);
        if (!whole) {
          const VectorWords key = counted_from(c);
          w = key >= low ? (key < high ? w : Vector{}) : Vector{};
        }
        put(weight, w);
        put(dscore, w * (get(dscore) - delta) * scale_);
      }
    }
    add_products<R>(
        [&](int r, int64_t k) __attribute__((always_inline)) { return dscores[r * kTile + k]; }, keys_rows_,
        keys_, width_, [&](int r) __attribute__((always_inline)) { return dq + place[r] * width_; },
        [](int) __attribute__((always_inline)) { return 1.0F; });
  }

  // sums[r] += over the queries: by_query[k][r] * rows[k].
  template <int R>
  void add_by_key(const float* by_query, const float* rows, int64_t count, float* sums) const {
    add_products<R>(
        [&](int r, int64_t k) __attribute__((always_inline)) { return by_query[k * kTile + r]; }, rows, count,
        width_, [&](int r) __attribute__((always_inline)) { return sums + r * width_; },
        [](int) __attribute__((always_inline)) { return 1.0F; });
  }

  const FlashShape& shape_;
  int64_t width_, key_ = 0, keys_ = 0, columns_ = 0;
  float scale_;
  const float *keys_t_ = nullptr, *values_t_ = nullptr, *keys_rows_ = nullptr;
  std::vector<float> q_, dout_, dk_, dv_, weights_, dscores_;
};

// The first query that may read a tile, and the one after the last; of shapes without blocks.
Span readers_of(const FlashShape& shape, int64_t key, int64_t keys) {
  int64_t first = shape.causal ? key : 0;
  int64_t last = shape.length;
  const auto reads = [&](int64_t i) {
    const Span span = visible(shape, i, key, keys);
    return span.low < span.high;
  };
  if (shape.window > 0) {  // a query's distance to its keys is less than the window
    first = std::max<int64_t>(first, key - shape.window);
    last = std::min(last, key + keys + shape.window);
    while (first < last && !reads(first)) ++first;
    while (first < last && !reads(last - 1)) --last;
  }
  return {first, last};
}

}  // namespace

void flash_backward(const FlashShape& shape, int64_t splits, int64_t number, const float* q,
                    const float* packed, const int32_t* choice, const float* dout, const float* log_sums,
                    const float* deltas, float* dq, float* dk, float* dv) {
  const int64_t kv_head = number % shape.kv_heads;
  const int64_t split = number / shape.kv_heads;
  const int64_t size = shape.length * shape.head_width;
  const Packed parts(shape, true, packed + kv_head * shape.packed_floats(true));
  float* const own_dq = dq + split * shape.heads * shape.length * shape.padded_width();
  std::vector<Readers> readers;
  if (shape.blocks_read > 0)
    for (int64_t g = 0; g < shape.group(); ++g)
      readers.emplace_back(
          shape, choice + (kv_head * shape.group() + g) * shape.length * shape.choice_width(), shape.length);
  KeyTile tile(shape);
  const int64_t block = shape.blocks_read > 0 ? shape.block : kTile;
  for (int64_t b = split; b * block < shape.length; b += splits) {
    const int64_t end = std::min(shape.length, (b + 1) * block);
    for (int64_t key = b * block; key < end; key += kTile) {
      const int64_t keys = std::min(kTile, end - key);
      tile.start(parts, key, keys);
      for (int64_t g = 0; g < shape.group(); ++g) {
        const int64_t head = kv_head * shape.group() + g;
        const auto read = [&](const auto& query, int64_t n) {
          tile.read_by(query, n, q + head * size, dout + head * size, log_sums + head * shape.length,
                       deltas + head * shape.length, own_dq + head * shape.length * shape.padded_width());
        };
        if (shape.blocks_read == 0) {
          const Span span = readers_of(shape, key, keys);
          read([&](int64_t i) { return span.low + i; }, span.high - span.low);
        } else {
          const Readers& all = readers[static_cast<size_t>(g)];
          const int32_t* const query = all.query.data() + all.first[static_cast<size_t>(b)];
          read([&](int64_t i) { return int64_t{query[i]}; },
               all.first[static_cast<size_t>(b) + 1] - all.first[static_cast<size_t>(b)]);
        }
      }
      tile.write(dk + kv_head * size, dv + kv_head * size);
    }
  }
}

}  // namespace ate::kernels::ATE_INSTRUCTIONS
