// Over flat arrays: dropout masks, the optimiser, conversions.
#include <cmath>
#include <type_traits>

#include "kernels/cpu/operations/operations.h"
#include "kernels/cpu/operations/vectors.h"

namespace ate::kernels::ATE_INSTRUCTIONS {
namespace {

ATE_INLINE Floats root_of(Floats x) {
  for (int i = 0; i < kLanes; ++i) x[i] = std::sqrt(x[i]);
  return x;
}

}  // namespace

// The lanes of a Philox round are independent across blocks, so sixteen run side by side.
void draw_mask(const DropoutDraw& draw, int64_t elements, uint8_t* bits) {
  constexpr uint32_t kWeyl0 = 0x9E3779B9;
  constexpr uint32_t kWeyl1 = 0xBB67AE85;
  constexpr uint64_t kMultiply0 = 0xD2511F53;  // Philox4x32's constants, as in the paper
  constexpr uint64_t kMultiply1 = 0xCD9E8D57;
  const auto blocks = static_cast<uint64_t>(elements + 7) / 8;
  for (uint64_t first = 0; first < blocks; first += kLanes) {
    uint32_t c0[kLanes], c1[kLanes], c2[kLanes], c3[kLanes];
    for (uint32_t lane = 0; lane < kLanes; ++lane) {
      c0[lane] = static_cast<uint32_t>(first + lane);
      c1[lane] = static_cast<uint32_t>((first + lane) >> 32);
      c2[lane] = draw.step;
      c3[lane] = draw.site_word;
    }
    uint32_t k0 = draw.seed;
    uint32_t k1 = draw.stream;
    for (int round = 0; round < 10; ++round) {
      for (int lane = 0; lane < kLanes; ++lane) {
        const uint64_t p0 = kMultiply0 * c0[lane];
        const uint64_t p1 = kMultiply1 * c2[lane];
        const uint32_t n0 = static_cast<uint32_t>(p1 >> 32) ^ c1[lane] ^ k0;
        const uint32_t n2 = static_cast<uint32_t>(p0 >> 32) ^ c3[lane] ^ k1;
        c0[lane] = n0;
        c1[lane] = static_cast<uint32_t>(p1);
        c2[lane] = n2;
        c3[lane] = static_cast<uint32_t>(p0);
      }
      k0 += kWeyl0;
      k1 += kWeyl1;
    }
    for (int lane = 0; lane < kLanes; ++lane) {
      uint32_t byte = 0;
      const uint32_t words[4] = {c0[lane], c1[lane], c2[lane], c3[lane]};
      for (int w = 0; w < 4; ++w) {
        byte |= static_cast<uint32_t>((words[w] & 0xFFFFU) >= draw.threshold) << (2 * w);
        byte |= static_cast<uint32_t>((words[w] >> 16) >= draw.threshold) << (2 * w + 1);
      }
      bits[first + static_cast<uint64_t>(lane)] = static_cast<uint8_t>(byte);
    }
  }
}

double sum_of_squares(int64_t n, const float* x) {
  // Sums of at most 4096 numbers in float, those in double.
  double sum = 0;
  for (int64_t first = 0; first < n; first += 4096) {
    const int64_t end = first + 4096 < n ? first + 4096 : n;
    Floats part = {};
    for (int64_t j = first; j < end; j += kLanes) {
      const Floats g = load(x + j, end - j);
      part += g * g;
    }
    sum += static_cast<double>(sum_of(part));
  }
  return sum;
}

template <class E>
void adam(const AdamStep& step, int64_t n, float* parameters, const float* gradients, float* first,
          float* second, E* copy) {
  const float shrink = step.decoupled ? 1 - step.rate * step.weight_decay : 1;
  const float added = step.decoupled ? 0 : step.weight_decay;
  const float rate = step.rate / step.correction1;
  for (int64_t j = 0; j < n; j += kLanes) {
    const int64_t count = n - j;
    Floats p = load(parameters + j, count);
    const Floats g = load(gradients + j, count) * step.gradient_factor + p * added;
    const Floats m = load(first + j, count) * step.beta1 + g * (1 - step.beta1);
    const Floats v = load(second + j, count) * step.beta2 + g * g * (1 - step.beta2);
    p = p * shrink - m * rate / (root_of(v) / step.correction2_root + step.epsilon);
    store(first + j, m, count);
    store(second + j, v, count);
    store(parameters + j, p, count);
    if constexpr (!std::is_same_v<E, float>) store(copy + j, p, count);
  }
}

template <class E>
void to_operand(int64_t n, const float* x, E* out) {
  for (int64_t j = 0; j < n; j += kLanes) store(out + j, load(x + j, n - j), n - j);
}

template <class E>
void to_float(int64_t n, const E* x, float* out) {
  for (int64_t j = 0; j < n; j += kLanes) store(out + j, load(x + j, n - j), n - j);
}

void column_sums(int64_t m, int64_t n, const float* x, float* sums) {
  set_zero(sums, n);
  for (int64_t i = 0; i < m; ++i)
    for (int64_t j = 0; j < n; j += kLanes)
      store(sums + j, load(sums + j, n - j) + load(x + i * n + j, n - j), n - j);
}

#define ATE_INSTANTIATE(E)                        \
  template decltype(adam<E>) adam<E>;             \
  template decltype(to_operand<E>) to_operand<E>; \
  template decltype(to_float<E>) to_float<E>;
ATE_INSTANTIATE(float)
ATE_INSTANTIATE(bf16)

}  // namespace ate::kernels::ATE_INSTRUCTIONS
