// The 16-bit number that bf16 products take: the upper half of a float.
#pragma once

#include <cstdint>

namespace ate::kernels {

struct bf16 {
  uint16_t bits;
};

}  // namespace ate::kernels
