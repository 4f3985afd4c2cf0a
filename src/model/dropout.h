// Dropout masks as pure functions of (key, site, step): no LibTorch, the same on every machine.
#pragma once

#include <cstdint>
#include <span>

#include "random/counter.h"

namespace ate {

// A probability as 16 bits can draw it: an element is dropped where its number is below `threshold`, else
// multiplied by `kept`.
struct DropoutRate {
  uint32_t threshold = 0;
  float kept = 1;
};
DropoutRate dropout_rate(double p);

// The word of a counter that names a site of a model's dropout.
inline uint32_t dropout_site_word(uint32_t site) {
  return (static_cast<uint32_t>(Purpose::dropout) << 24) | (site & 0xFFFFFFU);
}

// Fills `mask` with 0 where an element is dropped and 1 / (1 - q) where it is kept (Srivastava et al. 2014,
// inverted). Each element compares 16 bits of a counter-based number with q = round(65536 p) / 65536, the
// nearest probability that 16 bits can draw exactly, so the mask's mean is exactly 1. Element i takes 16 bits
// of block i / 8.
void fill_dropout_mask(RandomKey key, uint32_t site, uint32_t step, double p, std::span<float> mask);

}  // namespace ate
