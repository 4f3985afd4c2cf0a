// Between the rows of projections and the heads of attention: bias, norms of queries and keys, rotary positions.
#include <cmath>

#include "kernels/cpu/operations/operations.h"
#include "kernels/cpu/operations/vectors.h"

namespace ate::kernels::ATE_INSTRUCTIONS {
namespace {

constexpr float kHeadNormEpsilon = 1e-5F;

// What happens to one head of a row.
struct HeadKind {
  const float* gain;  // of its norm; nullptr: none
  bool turns;
};

// A head of the rows: where it begins in a row of the projection, how often it is repeated, and the first of its copies.
struct HeadPlace {
  int64_t column, copies, first;
};

// `work(kind, place, array)` of each head of queries, keys and values.
template <class Work>
ATE_INLINE void for_each_head(const HeadsMap& map, const HeadArrays& arrays, const Work& work) {
  const bool turns = map.cosines != nullptr;
  const int64_t group = map.heads / map.kv_heads;
  for (int64_t h = 0; h < map.heads; ++h)
    work(HeadKind{map.query_gain, turns}, HeadPlace{h * map.head_width, 1, h}, arrays.queries);
  for (int64_t h = 0; h < map.kv_heads; ++h) {
    const int64_t column = (map.heads + h) * map.head_width;
    work(HeadKind{map.key_gain, turns}, HeadPlace{column, group, h * group}, arrays.keys);
    work(HeadKind{nullptr, false}, HeadPlace{column + map.kv_heads * map.head_width, group, h * group},
         arrays.values);
  }
}

// x turned by the angles, back if `back`, in place.
ATE_INLINE void turn(const HeadsMap& map, int64_t t, bool back, float* x) {
  const int64_t half = map.head_width / 2;
  const float* cosines = map.cosines + t * half;
  const float* sines = map.sines + t * half;
  for (int64_t j = 0; j < half; j += kLanes) {
    const int64_t count = half - j;
    const Floats c = load(cosines + j, count);
    const Floats s = back ? -load(sines + j, count) : load(sines + j, count);
    const Floats a = load(x + j, count);
    const Floats b = load(x + half + j, count);
    store(x + j, a * c - b * s, count);
    store(x + half + j, b * c + a * s, count);
  }
}

// The factor of an RMS norm of x + bias.
template <class E>
ATE_INLINE float inverse_root_mean_square(const E* x, const float* bias, int64_t n) {
  Floats squares = {};
  for (int64_t j = 0; j < n; j += kLanes) {
    const Floats value = load(x + j, n - j) + load(bias + j, n - j);
    squares += value * value;
  }
  return 1 / std::sqrt(sum_of(squares) / static_cast<float>(n) + kHeadNormEpsilon);
}

// The gradient of the head before its norm, in place; adds that of the gain.
template <class E>
ATE_INLINE void head_norm_backward(const E* x, const float* bias, const float* gain, int64_t n, float* g,
                                   float* dgain) {
  const float inverse = inverse_root_mean_square(x, bias, n);
  Floats product = {};
  for (int64_t j = 0; j < n; j += kLanes) {
    const Floats z = (load(x + j, n - j) + load(bias + j, n - j)) * inverse;
    const Floats d = load(g + j, n - j);
    store(dgain + j, load(dgain + j, n - j) + d * z, n - j);
    const Floats scaled = d * load(gain + j, n - j);
    store(g + j, scaled, n - j);
    product += scaled * z;
  }
  const float slope = sum_of(product) / static_cast<float>(n);
  for (int64_t j = 0; j < n; j += kLanes) {
    const Floats z = (load(x + j, n - j) + load(bias + j, n - j)) * inverse;
    store(g + j, (load(g + j, n - j) - z * slope) * inverse, n - j);
  }
}

}  // namespace

template <class E>
void split_heads(const HeadsMap& map, const E* qkv, const float* bias, const HeadArrays& out) {
  const int64_t n = map.head_width;
  for (int64_t w = 0; w < map.windows; ++w)
    for_each_head(
        map, out, [&](HeadKind kind, HeadPlace place, float* array) __attribute__((always_inline)) {
          const float* b = bias + place.column;
          for (int64_t t = 0; t < map.length; ++t) {
            const E* x = qkv + (w * map.length + t) * map.columns() + place.column;
            const int64_t row = (w * map.heads + place.first) * map.length + t;
            float* first = array + row * out.stride;
            const float factor = kind.gain == nullptr ? 1 : inverse_root_mean_square(x, b, n);
            for (int64_t j = 0; j < n; j += kLanes) {
              Floats value = (load(x + j, n - j) + load(b + j, n - j)) * factor;
              if (kind.gain != nullptr) value *= load(kind.gain + j, n - j);
              store(first + j, value, n - j);
            }
            if (kind.turns) turn(map, t, false, first);
            for (int64_t copy = 1; copy < place.copies; ++copy)
              __builtin_memcpy(first + copy * map.length * out.stride, first,
                               static_cast<size_t>(n) * sizeof(float));
          }
        });
}

template <class E>
void split_heads_backward(const HeadsMap& map, const E* qkv, const float* bias, const HeadArrays& gradients,
                          const HeadsGradients<E>& out) {
  const int64_t n = map.head_width;
  set_zero(out.bias, map.columns());
  if (map.query_gain != nullptr) set_zero(out.query_gain, n);
  if (map.key_gain != nullptr) set_zero(out.key_gain, n);
  for (int64_t w = 0; w < map.windows; ++w)
    for_each_head(
        map, gradients, [&](HeadKind kind, HeadPlace place, float* array) __attribute__((always_inline)) {
          float* const dgain = array == gradients.queries ? out.query_gain : out.key_gain;
          float* const db = out.bias + place.column;
          for (int64_t t = 0; t < map.length; ++t) {
            const int64_t column = (w * map.length + t) * map.columns() + place.column;
            float* g = array + ((w * map.heads + place.first) * map.length + t) * gradients.stride;
            for (int64_t copy = 1; copy < place.copies; ++copy)
              for (int64_t j = 0; j < n; j += kLanes)
                store(g + j, load(g + j, n - j) + load(g + copy * map.length * gradients.stride + j, n - j),
                      n - j);
            if (kind.turns) turn(map, t, true, g);
            if (kind.gain != nullptr)
              head_norm_backward(qkv + column, bias + place.column, kind.gain, n, g, dgain);
            for (int64_t j = 0; j < n; j += kLanes) {
              const Floats d = load(g + j, n - j);
              store(out.qkv + column + j, d, n - j);
              store(db + j, load(db + j, n - j) + d, n - j);
            }
          }
        });
}

template <class E>
void join_heads(const HeadsMap& map, const float* heads, E* rows) {
  const int64_t n = map.head_width;
  for (int64_t w = 0; w < map.windows; ++w)
    for (int64_t h = 0; h < map.heads; ++h)
      for (int64_t t = 0; t < map.length; ++t) {
        E* row = rows + ((w * map.length + t) * map.heads + h) * n;
        for (int64_t j = 0; j < n; j += kLanes) store(row + j, load(heads + j, n - j), n - j);
        heads += n;
      }
}

template <class E>
void join_heads_backward(const HeadsMap& map, const E* rows, float* heads) {
  const int64_t n = map.head_width;
  for (int64_t w = 0; w < map.windows; ++w)
    for (int64_t h = 0; h < map.heads; ++h)
      for (int64_t t = 0; t < map.length; ++t) {
        const E* row = rows + ((w * map.length + t) * map.heads + h) * n;
        for (int64_t j = 0; j < n; j += kLanes) store(heads + j, load(row + j, n - j), n - j);
        heads += n;
      }
}

#define ATE_INSTANTIATE(E)                                            \
  template decltype(split_heads<E>) split_heads<E>;                   \
  template decltype(split_heads_backward<E>) split_heads_backward<E>; \
  template decltype(join_heads<E>) join_heads<E>;                     \
  template decltype(join_heads_backward<E>) join_heads_backward<E>;
ATE_INSTANTIATE(float)
ATE_INSTANTIATE(bf16)

}  // namespace ate::kernels::ATE_INSTRUCTIONS
