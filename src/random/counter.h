// Random numbers that are counted, not carried: each is a pure function of (seed, stream, purpose, site,
// step, index) through the counter-based generator Philox4x32-10 (Salmon et al., "Parallel random numbers: as
// easy as 1, 2, 3", SC 2011), from Random123. So a resumed trial, another order of trials or another number
// of jobs draws the same numbers, and arms of one seed draw common ones.
#pragma once

#include <Random123/philox.h>

#include <array>
#include <cstdint>

namespace ate {

// What a number is for: numbers of two purposes never share a counter. Values are part of every result; only
// append. From 32 on: what is no part of a trial.
enum class Purpose : uint32_t {
  corpus = 1,
  window = 2,
  evaluation = 3,
  init = 4,
  dropout = 5,
  canary = 6,
  placebo = 7,
  law = 8,
  stage = 9,
  sign_flip = 32,
  allocation = 33,
  generation = 34
};

// The key of a generator. Arms that are paired share stream 0; unpaired arms have one each.
struct RandomKey {
  uint32_t seed = 0;
  uint32_t stream = 0;
};

// The counter's word for a purpose and a site.
inline uint32_t purpose_word(Purpose purpose, uint32_t site) {
  return (static_cast<uint32_t>(purpose) << 24) | (site & 0xFFFFFFU);
}

// Four independent uniform 32-bit words. `site` (24 bits) tells apart places of one purpose, such as layers.
inline std::array<uint32_t, 4> random_block(RandomKey key, Purpose purpose, uint32_t site, uint32_t step,
                                            uint64_t index) {
  const philox4x32_ctr_t counter = {
      {static_cast<uint32_t>(index), static_cast<uint32_t>(index >> 32), step, purpose_word(purpose, site)}};
  const philox4x32_ctr_t out = philox4x32_R(10, counter, philox4x32_key_t{{key.seed, key.stream}});
  return {out[0], out[1], out[2], out[3]};
}

inline uint64_t word64(const std::array<uint32_t, 4>& block, size_t half) {
  return (static_cast<uint64_t>(block[2 * half + 1]) << 32) | block[2 * half];
}

// Uniform in [0, 1) with 53 random bits.
inline double unit_interval(uint64_t bits) { return static_cast<double>(bits >> 11) * 0x1.0p-53; }

// Uniform in {0, ..., n - 1} by multiply-shift (Lemire 2019); its bias, below n / 2^64, is nothing that a run
// could see.
inline uint64_t below(uint64_t bits, uint64_t n) {
  __extension__ using Wide = unsigned __int128;
  return static_cast<uint64_t>((static_cast<Wide>(bits) * n) >> 64);
}

}  // namespace ate
