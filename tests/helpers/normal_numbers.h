// Normal numbers for kernels to work on.
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "random/counter.h"

namespace ate::testing {

// A function of the seed (Box & Muller 1958).
inline std::vector<float> normal_numbers(int64_t count, uint32_t seed) {
  std::vector<float> x;
  for (int64_t i = 0; i < count; ++i) {
    const auto block = random_block({seed, 0}, Purpose::canary, 0, 0, static_cast<uint64_t>(i));
    const double u = 1 - unit_interval(word64(block, 0));
    x.push_back(static_cast<float>(std::sqrt(-2 * std::log(u)) *
                                   std::cos(6.283185307179586 * unit_interval(word64(block, 1)))));
  }
  return x;
}

}  // namespace ate::testing
