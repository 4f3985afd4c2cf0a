// Dropout masks as pure functions of (key, site, step): no LibTorch, the same on every machine.
#pragma once

#include <cstdint>
#include <span>

#include "random/counter.h"

namespace ate {

// Fills `mask` with 0 where an element is dropped and 1 / (1 - q) where it is kept (Srivastava et al. 2014,
// inverted). Each element compares 16 bits of a counter-based number with q = round(65536 p) / 65536, the
// nearest probability that 16 bits can draw exactly, so the mask's mean is exactly 1. Element i takes 16 bits
// of block i / 8.
void fill_dropout_mask(RandomKey key, uint32_t site, uint32_t step, double p, std::span<float> mask);

}  // namespace ate
