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

// Eight Philox4x32 counters (Salmon et al. 2011), each word in the lower half of a lane: the upper halves hold remains
// of products, which no product reads.
struct Counters {
  Longs word[4];

  ATE_INLINE Counters(uint64_t first, const DropoutDraw& draw) {
    const Longs index = Longs{0, 1, 2, 3, 4, 5, 6, 7} + first;
    word[0] = index;
    word[1] = index >> 32;
    word[2] = Longs{} + draw.step;
    word[3] = Longs{} + draw.site_word;
  }
  ATE_INLINE void round(Longs key0, Longs key1) {
    const Longs p0 = word_product(word[0], 0xD2511F53);
    const Longs p1 = word_product(word[2], 0xCD9E8D57);
    word[0] = (p1 >> 32) ^ word[1] ^ key0;
    word[1] = p1;
    word[2] = (p0 >> 32) ^ word[3] ^ key1;
    word[3] = p0;
  }
};

}  // namespace

void draw_mask(const DropoutDraw& draw, int64_t elements, uint8_t* bits) {
  constexpr int kRounds = 10;
  Longs keys[kRounds][2];
  for (uint32_t round = 0; round < kRounds; ++round) {
    keys[round][0] = Longs{} + (draw.seed + round * 0x9E3779B9U);  // in words: they wrap
    keys[round][1] = Longs{} + (draw.stream + round * 0xBB67AE85U);
  }
  const auto blocks = static_cast<uint64_t>(elements + 7) / 8;
  for (uint64_t first = 0; first < blocks; first += kLanes) {
    Counters low(first, draw);
    Counters high(first + kLanes / 2, draw);
    for (const auto& key : keys) {
      low.round(key[0], key[1]);
      high.round(key[0], key[1]);
    }
    Words byte = {};
    for (uint32_t i = 0; i < 4; ++i) {
      const Words word = low_words(low.word[i], high.word[i]);
      byte |= ((word & 0xFFFFU) >= draw.threshold) & (Words{} + (1U << (2 * i)));
      byte |= ((word >> 16) >= draw.threshold) & (Words{} + (2U << (2 * i)));
    }
    const Bytes sixteen = __builtin_convertvector(byte, Bytes);
    __builtin_memcpy(bits + first, &sixteen, sizeof sixteen);
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
