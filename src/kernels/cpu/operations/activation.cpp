// Inside feed-forward blocks: bias, activation and dropout.
#include "kernels/cpu/operations/operations.h"
#include "kernels/cpu/operations/vectors.h"

namespace ate::kernels::ATE_INSTRUCTIONS {
namespace {

// 1 / (1 + e^-x). Not a number where x is none.
ATE_INLINE Floats sigmoid(Floats x) {
  const Floats e = exp_of(-max_of(x, -x));
  return (x > Floats{} ? splat(1) : e) / (1 + e);
}

ATE_INLINE void add_to(float* sums, Floats x, int64_t count) { store(sums, load(sums, count) + x, count); }

}  // namespace

template <class E>
void relu(int64_t m, int64_t f, E* h, const float* bias, Mask mask) {
  for (int64_t i = 0; i < m; ++i)
    for (int64_t j = 0; j < f; j += kLanes) {
      const int64_t at = i * f + j;
      const Floats x = max_of(Floats{}, load(h + at, f - j) + load(bias + j, f - j));  // a NaN stays one
      store(h + at, masked(x, mask, at), f - j);
    }
}

template <class E>
void relu_backward(int64_t m, int64_t f, const E* h, float kept, E* dh, float* dbias) {
  set_zero(dbias, f);
  for (int64_t i = 0; i < m; ++i)
    for (int64_t j = 0; j < f; j += kLanes) {
      const int64_t at = i * f + j;
      const Floats g = load(h + at, f - j) > Floats{} ? load(dh + at, f - j) * kept : Floats{};
      store(dh + at, g, f - j);
      add_to(dbias + j, g, f - j);
    }
}

template <class E>
void gelu(int64_t m, int64_t f, const E* x, const float* bias, Mask mask, E* h) {
  for (int64_t i = 0; i < m; ++i)
    for (int64_t j = 0; j < f; j += kLanes) {
      const int64_t at = i * f + j;
      const Floats u = load(x + at, f - j) + load(bias + j, f - j);
      store(h + at, masked(u * Normal(u).below, mask, at), f - j);
    }
}

template <class E>
void gelu_backward(int64_t m, int64_t f, const E* x, const float* bias, Mask mask, E* dh, float* dbias) {
  set_zero(dbias, f);
  for (int64_t i = 0; i < m; ++i)
    for (int64_t j = 0; j < f; j += kLanes) {
      const int64_t at = i * f + j;
      const Floats u = load(x + at, f - j) + load(bias + j, f - j);
      const Normal normal(u);
      const Floats g = masked(load(dh + at, f - j), mask, at) * (normal.below + u * normal.density);
      store(dh + at, g, f - j);
      add_to(dbias + j, g, f - j);
    }
}

template <class E>
void swiglu(int64_t m, int64_t f, const E* x, const float* bias, const E* gate, const float* gate_bias,
            Mask mask, E* h) {
  for (int64_t i = 0; i < m; ++i)
    for (int64_t j = 0; j < f; j += kLanes) {
      const int64_t at = i * f + j;
      const Floats u = load(x + at, f - j) + load(bias + j, f - j);
      const Floats g = load(gate + at, f - j) + load(gate_bias + j, f - j);
      store(h + at, masked(u * g * sigmoid(g), mask, at), f - j);
    }
}

template <class E>
void swiglu_backward(int64_t m, int64_t f, const E* x, const float* bias, const E* gate,
                     const float* gate_bias, Mask mask, E* dh, E* dgate, float* dbias, float* dgate_bias) {
  set_zero(dbias, f);
  set_zero(dgate_bias, f);
  for (int64_t i = 0; i < m; ++i)
    for (int64_t j = 0; j < f; j += kLanes) {
      const int64_t at = i * f + j;
      const Floats u = load(x + at, f - j) + load(bias + j, f - j);
      const Floats g = load(gate + at, f - j) + load(gate_bias + j, f - j);
      const Floats s = sigmoid(g);
      const Floats slope = s * (1 + g * (1 - s));
      const Floats d = masked(load(dh + at, f - j), mask, at);
      const Floats du = d * g * s;
      const Floats dg = d * u * slope;
      store(dh + at, du, f - j);
      store(dgate + at, dg, f - j);
      add_to(dbias + j, du, f - j);
      add_to(dgate_bias + j, dg, f - j);
    }
}

#define ATE_INSTANTIATE(E)                              \
  template decltype(relu<E>) relu<E>;                   \
  template decltype(relu_backward<E>) relu_backward<E>; \
  template decltype(gelu<E>) gelu<E>;                   \
  template decltype(gelu_backward<E>) gelu_backward<E>; \
  template decltype(swiglu<E>) swiglu<E>;               \
  template decltype(swiglu_backward<E>) swiglu_backward<E>;
ATE_INSTANTIATE(float)
ATE_INSTANTIATE(bf16)

}  // namespace ate::kernels::ATE_INSTRUCTIONS
