// Row by row: embedding with dropout, norms with residual and dropout.
#include <cmath>
#include <type_traits>

#include "kernels/cpu/operations/operations.h"
#include "kernels/cpu/operations/vectors.h"

namespace ate::kernels::ATE_INSTRUCTIONS {
namespace {

constexpr float kNormEpsilon = 1e-5F;  // PyTorch's default

// x, and x as an operand where that is another array.
template <class E>
ATE_INLINE void store_both(float* x, E* operand, int64_t i, Floats value, int64_t count) {
  store(x + i, value, count);
  if constexpr (!std::is_same_v<E, float>) store(operand + i, value, count);
}

}  // namespace

template <class E>
void embed(int64_t m, int64_t length, int64_t d, const int64_t* tokens, const float* const* rows,
           const float* positions, Mask mask, float* x, E* operand) {
  for (int64_t i = 0; i < m; ++i) {
    const float* row = rows[tokens[i]];
    const float* position = positions == nullptr ? nullptr : positions + i % length * d;
    for (int64_t j = 0; j < d; j += kLanes) {
      Floats value = load(row + j, d - j);
      if (position != nullptr) value += load(position + j, d - j);
      store_both(x, operand, i * d + j, masked(value, mask, i * d + j), d - j);
    }
  }
}

template <class E>
void embed_backward(int64_t m, int64_t length, int64_t d, const int64_t* tokens, float* const* rows,
                    float* positions, Mask mask, const float* dy, const E* branch) {
  for (int64_t i = 0; i < m; ++i) {
    float* row = rows[tokens[i]];
    float* position = positions == nullptr ? nullptr : positions + i % length * d;
    for (int64_t j = 0; j < d; j += kLanes) {
      const int64_t at = i * d + j;
      Floats dx = load(dy + at, d - j);
      if (branch != nullptr) dx += load(branch + at, d - j);
      dx = masked(dx, mask, at);
      if (row != nullptr) store(row + j, load(row + j, d - j) + dx, d - j);
      if (position != nullptr) store(position + j, load(position + j, d - j) + dx, d - j);
    }
  }
}

template <class E>
void norm(NormKind kind, int64_t m, int64_t d, const float* residual, const E* branch, const float* bias,
          Mask mask, const float* gain, const float* shift, float* normalised, float* scale, float* sum,
          float* x, E* operand) {
  const auto n = static_cast<float>(d);
  for (int64_t i = 0; i < m; ++i) {
    float* row = normalised + i * d;
    Floats total = {};
    for (int64_t j = 0; j < d; j += kLanes) {
      const int64_t at = i * d + j;
      Floats s = load(residual + at, d - j);
      if (branch != nullptr) s += masked(load(branch + at, d - j) + load(bias + j, d - j), mask, at);
      if (sum != nullptr) store(sum + at, s, d - j);
      store(row + j, s, d - j);
      total += s;
    }
    const float mean = kind == NormKind::layer ? sum_of(total) / n : 0;
    Floats squares = {};
    for (int64_t j = 0; j < d; j += kLanes) {
      const Floats c = load(row + j, d - j, mean) - mean;
      squares += c * c;
    }
    const float inverse = kind == NormKind::none ? 1 : 1 / std::sqrt(sum_of(squares) / n + kNormEpsilon);
    scale[i] = inverse;
    for (int64_t j = 0; j < d; j += kLanes) {
      const Floats z = (load(row + j, d - j) - mean) * inverse;
      store(row + j, z, d - j);
      store_both(x, operand, i * d + j, z * load(gain + j, d - j) + load(shift + j, d - j), d - j);
    }
  }
}

template <class E>
void norm_backward(NormKind kind, int64_t m, int64_t d, const float* dy, const E* dy_branch,
                   const float* dsum, const float* normalised, const float* scale, const float* gain,
                   Mask mask, float* ds, E* dbranch, float* dgain, float* dshift, float* dbias) {
  const auto n = static_cast<float>(d);
  set_zero(dgain, d);
  set_zero(dshift, d);
  if (dbranch != nullptr) set_zero(dbias, d);
  const auto add = [](float* sums, int64_t j, Floats value, int64_t count) {
    store(sums + j, load(sums + j, count) + value, count);
  };
  const auto gradient_at = [&](int64_t at, int64_t count) {
    Floats g = {};
    if (dy != nullptr) g += load(dy + at, count);
    if (dy_branch != nullptr) g += load(dy_branch + at, count);
    return g;
  };
  for (int64_t i = 0; i < m; ++i) {
    Floats sum = {};
    Floats product = {};
    for (int64_t j = 0; j < d; j += kLanes) {
      const int64_t at = i * d + j;
      const Floats g = gradient_at(at, d - j);
      const Floats z = load(normalised + at, d - j);
      add(dgain, j, g * z, d - j);
      add(dshift, j, g, d - j);
      const Floats scaled = g * load(gain + j, d - j);
      sum += scaled;
      product += scaled * z;
    }
    const float mean = kind == NormKind::layer ? sum_of(sum) / n : 0;
    const float slope = kind == NormKind::none ? 0 : sum_of(product) / n;
    for (int64_t j = 0; j < d; j += kLanes) {
      const int64_t at = i * d + j;
      const Floats scaled = gradient_at(at, d - j) * load(gain + j, d - j);
      Floats s = (scaled - mean - load(normalised + at, d - j) * slope) * scale[i];
      if (dsum != nullptr) s += load(dsum + at, d - j);
      store(ds + at, s, d - j);
      if (dbranch == nullptr) continue;
      const Floats b = masked(s, mask, at);
      store(dbranch + at, b, d - j);
      add(dbias, j, b, d - j);
    }
  }
}

#define ATE_INSTANTIATE(E)                                \
  template decltype(embed<E>) embed<E>;                   \
  template decltype(embed_backward<E>) embed_backward<E>; \
  template decltype(norm<E>) norm<E>;                     \
  template decltype(norm_backward<E>) norm_backward<E>;
ATE_INSTANTIATE(float)
ATE_INSTANTIATE(bf16)

}  // namespace ate::kernels::ATE_INSTRUCTIONS
