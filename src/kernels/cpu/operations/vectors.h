// Sixteen floats at a time, in the compiler's own vectors: the same source for every instruction set. Included by
// the kernels alone, each compiled once per instruction set, hence the unnamed namespace.
#pragma once

#include <cstdint>
#ifdef __AVX2__
#include <immintrin.h>
#endif

#include "kernels/cpu/kernels.h"

#define ATE_INLINE inline __attribute__((always_inline))

namespace ate::kernels {
namespace {

constexpr int64_t kLanes = 16;

typedef float Floats __attribute__((vector_size(64)));
typedef int32_t Ints __attribute__((vector_size(64)));
typedef uint32_t Words __attribute__((vector_size(64)));
typedef uint16_t Halves __attribute__((vector_size(32)));
typedef uint8_t Bytes __attribute__((vector_size(16)));
typedef uint64_t Longs __attribute__((vector_size(64)));

constexpr Words kIota = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};

// A number in every lane. Not as `Floats{} + x`: the compiler then adds 0, as -0 + 0 is another number, and the addition and
// the copy from register to register take the ports of multiply-adds on Intel's processors; this one is a load.
ATE_INLINE Floats splat(float x) { return Floats{x, x, x, x, x, x, x, x, x, x, x, x, x, x, x, x}; }
ATE_INLINE Words bits_of(Floats x) { return reinterpret_cast<Words>(x); }
ATE_INLINE Floats floats_of(Words x) { return reinterpret_cast<Floats>(x); }
ATE_INLINE Floats max_of(Floats a, Floats b) { return a > b ? a : b; }

// x in the first `count` lanes, `fill` beyond.
ATE_INLINE Floats lanes_before(Floats x, int64_t count, float fill) {
  return kIota < static_cast<uint32_t>(count) ? x : splat(fill);
}

// Up to 16 numbers from p on, `fill` beyond `count`.
ATE_INLINE Floats load(const float* p, int64_t count = kLanes, float fill = 0) {
  Floats x;
  if (count >= kLanes) {
    __builtin_memcpy(&x, p, sizeof x);
  } else {
    x = splat(fill);
    __builtin_memcpy(&x, p, static_cast<size_t>(count) * sizeof(float));
  }
  return x;
}
ATE_INLINE Floats load(const bf16* p, int64_t count = kLanes, float fill = 0) {
  Halves h;
  if (count >= kLanes) {
    __builtin_memcpy(&h, p, sizeof h);
    return floats_of(__builtin_convertvector(h, Words) << 16);
  }
  h = Halves{};
  __builtin_memcpy(&h, p, static_cast<size_t>(count) * sizeof(bf16));
  const Floats x = floats_of(__builtin_convertvector(h, Words) << 16);
  return lanes_before(x, count, fill);
}
ATE_INLINE void store(float* p, Floats x, int64_t count = kLanes) {
  if (count >= kLanes)
    __builtin_memcpy(p, &x, sizeof x);
  else
    __builtin_memcpy(p, &x, static_cast<size_t>(count) * sizeof(float));
}
// Rounded to nearest, ties to even; a NaN stays one.
ATE_INLINE void store(bf16* p, Floats x, int64_t count = kLanes) {
  const Words bits = bits_of(x);
  const Words rounded = (bits + 0x7FFFU + ((bits >> 16) & 1U)) >> 16;
  const Words word = x == x ? rounded : Words{} + 0x7FC0U;
  const Halves h = __builtin_convertvector(word, Halves);
  if (count >= kLanes)
    __builtin_memcpy(p, &h, sizeof h);
  else
    __builtin_memcpy(p, &h, static_cast<size_t>(count) * sizeof(bf16));
}

// All lanes into one, in a fixed order: pairs at a distance of 8, 4, 2, 1.
template <class Combine>
ATE_INLINE float reduce(Floats x, const Combine& combine) {
  const auto h8 = combine(__builtin_shufflevector(x, x, 0, 1, 2, 3, 4, 5, 6, 7),
                          __builtin_shufflevector(x, x, 8, 9, 10, 11, 12, 13, 14, 15));
  const auto h4 =
      combine(__builtin_shufflevector(h8, h8, 0, 1, 2, 3), __builtin_shufflevector(h8, h8, 4, 5, 6, 7));
  const auto h2 = combine(h4, __builtin_shufflevector(h4, h4, 2, 3, 0, 1));
  const auto h1 = combine(h2, __builtin_shufflevector(h2, h2, 1, 0, 3, 2));
  return h1[0];
}
ATE_INLINE float sum_of(Floats x) {
  return reduce(
      x, [](auto a, auto b) __attribute__((always_inline)) { return a + b; });
}
ATE_INLINE float largest_of(Floats x) {
  return reduce(
      x, [](auto a, auto b) __attribute__((always_inline)) { return a > b ? a : b; });
}

// e^x to about an ulp for x <= 88; 0 below -87; not a number where x is none. The polynomial is that of the Cephes library's expf (Moshier), on
// |r| <= ln 2 / 2.
ATE_INLINE Floats exp_of(Floats x) {
  constexpr float kRound =
      12582912.0F;  // 1.5 * 2^23: adding it leaves the nearest whole number in the low bits
  const Floats clamped = max_of(x, splat(-87.0F));
  const Floats shifted = clamped * 1.44269504088896341F + kRound;
  const Floats n = shifted - kRound;
  const Floats r = (clamped - n * 0.693359375F) - n * -2.12194440e-4F;
  Floats p = r * 1.9875691500e-4F + 1.3981999507e-3F;
  p = p * r + 8.3334519073e-3F;
  p = p * r + 4.1665795894e-2F;
  p = p * r + 1.6666665459e-1F;
  p = p * r + 5.0000001201e-1F;
  p = p * r * r + r + 1.0F;
  const Words scaled = bits_of(p) + ((bits_of(shifted) - bits_of(splat(kRound))) << 23);
  return x > splat(-87.0F) ? floats_of(scaled) : x == x ? Floats{} : x;
}

// The standard normal law at x: its density, and the share that lies below, to 1e-7 (Abramowitz & Stegun 1964, 7.1.26).
struct Normal {
  Floats density, below;

  ATE_INLINE explicit Normal(Floats x) {
    const Floats e = exp_of(x * x * -0.5F);
    const Floats t = 1 / (max_of(x, -x) * (0.3275911F * 0.70710678F) + 1.0F);
    Floats p = t * 1.061405429F + -1.453152027F;
    p = p * t + 1.421413741F;
    p = p * t + -0.284496736F;
    p = p * t + 0.254829592F;
    const Floats beyond = p * t * e * 0.5F;
    density = e * 0.39894228F;
    below = x > Floats{} ? 1 - beyond : beyond;
  }
};

// The low words of the lanes times a word, in full. The upper words are ignored.
ATE_INLINE Longs word_product(Longs x, uint32_t factor) {
#if defined(__AVX512F__)
  // With a mask, for GCC 12 warns of its own header's unmasked one (its bug 105593).
  return reinterpret_cast<Longs>(
      _mm512_maskz_mul_epu32(0xFF, reinterpret_cast<__m512i>(x), _mm512_set1_epi64(factor)));
#elif defined(__AVX2__)
  __m256i halves[2];
  __builtin_memcpy(halves, &x, sizeof x);
  for (__m256i& half : halves) half = _mm256_mul_epu32(half, _mm256_set1_epi64x(factor));
  __builtin_memcpy(&x, halves, sizeof x);
  return x;
#else
  return (x & 0xFFFFFFFFU) * factor;
#endif
}
// The low words of sixteen lanes.
ATE_INLINE Words low_words(Longs a, Longs b) {
  return __builtin_shufflevector(reinterpret_cast<Words>(a), reinterpret_cast<Words>(b), 0, 2, 4, 6, 8, 10,
                                 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
}

// The factors of elements `first` and the 15 that follow: kept or 0.
ATE_INLINE Floats factors(const Mask& mask, int64_t first) {
  uint32_t word;
  __builtin_memcpy(&word, mask.bits + first / 8, sizeof word);
  word >>= first % 8;
  const Words lanes = ((Words{} + word) >> kIota) & 1U;
  return lanes != 0U ? splat(mask.kept) : Floats{};
}
// x times its factors, if there is a mask.
ATE_INLINE Floats masked(Floats x, const Mask& mask, int64_t first) {
  return mask.bits == nullptr ? x : x * factors(mask, first);
}

ATE_INLINE void set_zero(float* x, int64_t n) {
  __builtin_memset(x, 0, static_cast<size_t>(n) * sizeof(float));
}

}  // namespace
}  // namespace ate::kernels
