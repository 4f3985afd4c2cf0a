// Attention over windows short enough for a head's queries, keys, values and weights to stay in the first caches.
#include <cmath>

#include "kernels/cpu/operations/operations.h"
#include "kernels/cpu/operations/small_product.h"
#include "kernels/cpu/operations/vectors.h"

namespace ate::kernels::ATE_INSTRUCTIONS {
namespace {

// The arrays of one head of one window, in scratch.
struct Head {
  int64_t t, tp, h, hp;  // positions and width, each also padded to whole vectors
  float *query, *key, *value, *key_t, *value_t, *dout, *extra, *weights, *dweights;

  Head(const AttentionShape& shape, float* scratch)
      : t(shape.length), tp(AttentionShape::padded(t)), h(shape.head_width), hp(AttentionShape::padded(h)) {
    const auto take = [&](int64_t count) {
      float* p = scratch;
      scratch += count;
      return p;
    };
    query = take(tp * hp);
    key = take(tp * hp);
    value = take(tp * hp);
    dout = take(tp * hp);
    extra = take(tp * hp);
    key_t = take(hp * tp);
    value_t = take(hp * tp);
    weights = take(t * tp);
    dweights = take(t * tp);
  }
};

// Rows of `width` numbers, `stride` apart, plus a bias, times a factor, padded with zeros: [t, hp].
template <class E>
ATE_INLINE void read_rows(const E* x, int64_t stride, const float* bias, float factor, const Head& head,
                          float* out) {
  for (int64_t i = 0; i < head.t; ++i)
    for (int64_t j = 0; j < head.hp; j += kLanes) {
      Floats v = load(x + i * stride + j, head.h - j);
      if (bias != nullptr) v += load(bias + j, head.h - j);
      store(out + i * head.hp + j, v * factor);
    }
}

// [h, tp] from [t, hp].
ATE_INLINE void transpose(const Head& head, const float* x, float* out) {
  for (int64_t k = 0; k < head.h; ++k) {
    for (int64_t i = 0; i < head.t; ++i) out[k * head.tp + i] = x[i * head.hp + k];
    for (int64_t i = head.t; i < head.tp; ++i) out[k * head.tp + i] = 0;
  }
}

// Softmax of the first `visible` of a row of tp numbers, in place, 0 beyond; and, unless kept is nullptr, the same times
// the mask's factors, of which the row's first is `first`.
ATE_INLINE void softmax_row(float* row, int64_t visible, int64_t tp, const Mask& mask, int64_t first,
                            float* kept) {
  constexpr float kLowest = -INFINITY;
  Floats largest = splat(kLowest);
  for (int64_t j = 0; j < visible; j += kLanes)
    largest = max_of(largest, lanes_before(load(row + j), visible - j, kLowest));
  const float top = largest_of(largest);
  Floats total = {};
  for (int64_t j = 0; j < visible; j += kLanes) {
    const Floats e = exp_of(lanes_before(load(row + j), visible - j, kLowest) - top);
    store(row + j, e);
    total += e;
  }
  const float factor = 1 / sum_of(total);
  for (int64_t j = 0; j < tp; j += kLanes) {
    const Floats weight = j < visible ? load(row + j) * factor : Floats{};
    store(row + j, weight);
    if (kept != nullptr) store(kept + j, j < visible ? masked(weight, mask, first + j) : weight);
  }
}

// out = x times the mask's factors; the mask counts t elements a row, the arrays tp.
ATE_INLINE void mask_rows(const Head& head, const Mask& mask, int64_t first, const float* x, float* out) {
  for (int64_t i = 0; i < head.t; ++i)
    for (int64_t j = 0; j < head.tp; j += kLanes)
      store(out + i * head.tp + j, masked(load(x + i * head.tp + j), mask, first + i * head.t + j));
}

// Adds the columns' sums to `sums`, unless it is nullptr.
template <class E>
ATE_INLINE void write_rows(const Head& head, const float* x, float factor, E* out, int64_t stride,
                           float* sums) {
  for (int64_t j = 0; j < head.h; j += kLanes) {
    Floats sum = {};
    for (int64_t i = 0; i < head.t; ++i) {
      const Floats v = load(x + i * head.hp + j) * factor;
      store(out + i * stride + j, v, head.h - j);
      sum += v;
    }
    if (sums != nullptr) store(sums + j, load(sums + j, head.h - j) + sum, head.h - j);
  }
}

}  // namespace

template <class E>
void attention(const AttentionShape& shape, const E* qkv, const float* bias, Mask mask, float* weights,
               E* out, float* scratch) {
  const Head head(shape, scratch);
  const int64_t d = shape.width();
  const float factor = 1 / std::sqrt(static_cast<float>(shape.head_width));
  for (int64_t w = 0; w < shape.windows; ++w)
    for (int64_t n = 0; n < shape.heads; ++n) {
      const E* x = qkv + w * head.t * 3 * d + n * head.h;
      const float* b = bias + n * head.h;
      read_rows(x, 3 * d, b, factor, head, head.query);
      read_rows(x + d, 3 * d, b + d, 1, head, head.key);
      read_rows(x + 2 * d, 3 * d, b + 2 * d, 1, head, head.value);
      transpose(head, head.key, head.key_t);
      float* p = weights + (w * shape.heads + n) * head.t * head.tp;
      small_product({head.query, head.hp, 1}, {head.key_t, head.tp}, {p, head.tp}, head.t, head.t, head.h,
                    shape.causal ? Part::columns_to_row : Part::whole);
      float* const dropped = mask.bits == nullptr ? nullptr : head.weights;
      for (int64_t i = 0; i < head.t; ++i)
        softmax_row(p + i * head.tp, shape.causal ? i + 1 : head.t, head.tp, mask,
                    ((w * shape.heads + n) * head.t + i) * head.t,
                    dropped == nullptr ? nullptr : dropped + i * head.tp);
      const float* const kept = dropped == nullptr ? p : dropped;
      small_product({kept, head.tp, 1}, {head.value, head.hp}, {head.extra, head.hp}, head.t, head.h, head.t,
                    shape.causal ? Part::terms_to_row : Part::whole);
      write_rows(head, head.extra, 1, out + w * head.t * d + n * head.h, d, nullptr);
    }
}

// With D the weights after dropout, P before: dV = D^T dO, dD = dO V^T, dP = mask dD,
// dS = P (dP - rowsum(P dP)), dQ = dS K / root, dK = dS^T Q / root.
template <class E>
void attention_backward(const AttentionShape& shape, const E* qkv, const float* bias, Mask mask,
                        const float* weights, const E* dout, E* dqkv, float* dbias, float* scratch) {
  const Head head(shape, scratch);
  const int64_t d = shape.width();
  const float factor = 1 / std::sqrt(static_cast<float>(shape.head_width));
  const Part columns = shape.causal ? Part::columns_to_row : Part::whole;
  const Part to_row = shape.causal ? Part::terms_to_row : Part::whole;
  const Part from_row = shape.causal ? Part::terms_from_row : Part::whole;
  set_zero(dbias, 3 * d);
  for (int64_t w = 0; w < shape.windows; ++w)
    for (int64_t n = 0; n < shape.heads; ++n) {
      const E* x = qkv + w * head.t * 3 * d + n * head.h;
      const float* b = bias + n * head.h;
      const float* p = weights + (w * shape.heads + n) * head.t * head.tp;
      const int64_t first = (w * shape.heads + n) * head.t * head.t;
      E* dx = dqkv + w * head.t * 3 * d + n * head.h;
      float* db = dbias + n * head.h;
      const float* no_bias = nullptr;
      read_rows(x, 3 * d, b, factor, head, head.query);
      read_rows(x + d, 3 * d, b + d, 1, head, head.key);
      read_rows(x + 2 * d, 3 * d, b + 2 * d, 1, head, head.value);
      read_rows(dout + w * head.t * d + n * head.h, d, no_bias, 1, head, head.dout);
      transpose(head, head.value, head.value_t);

      const float* kept = p;
      if (mask.bits != nullptr) {
        mask_rows(head, mask, first, p, head.weights);
        kept = head.weights;
      }
      small_product({kept, 1, head.tp}, {head.dout, head.hp}, {head.extra, head.hp}, head.t, head.h, head.t,
                    from_row);
      write_rows(head, head.extra, 1, dx + 2 * d, 3 * d, db + 2 * d);

      small_product({head.dout, head.hp, 1}, {head.value_t, head.tp}, {head.dweights, head.tp}, head.t,
                    head.t, head.h, columns);
      for (int64_t i = 0; i < head.t; ++i) {
        // What a causal mask hides has weight 0, but its gradient may be unwritten: it is left out of the sums.
        const int64_t visible = shape.causal ? AttentionShape::padded(i + 1) : head.tp;
        float* row = head.dweights + i * head.tp;
        const float* weight = p + i * head.tp;
        Floats sum = {};
        for (int64_t j = 0; j < visible; j += kLanes) {
          const Floats g = masked(load(row + j), mask, first + i * head.t + j);
          store(row + j, g);
          sum += g * load(weight + j);
        }
        const float mean = sum_of(sum);
        for (int64_t j = 0; j < head.tp; j += kLanes)
          store(row + j, j < visible ? (load(row + j) - mean) * load(weight + j) : Floats{});
      }
      small_product({head.dweights, head.tp, 1}, {head.key, head.hp}, {head.extra, head.hp}, head.t, head.h,
                    head.t, to_row);
      write_rows(head, head.extra, factor, dx, 3 * d, db);
      // The queries carry the factor already.
      small_product({head.dweights, 1, head.tp}, {head.query, head.hp}, {head.extra, head.hp}, head.t, head.h,
                    head.t, from_row);
      write_rows(head, head.extra, 1, dx + d, 3 * d, db + d);
    }
}

#define ATE_INSTANTIATE(E)                      \
  template decltype(attention<E>) attention<E>; \
  template decltype(attention_backward<E>) attention_backward<E>;
ATE_INSTANTIATE(float)
ATE_INSTANTIATE(bf16)

}  // namespace ate::kernels::ATE_INSTRUCTIONS
