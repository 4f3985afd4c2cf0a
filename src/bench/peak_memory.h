// How much memory LibTorch's arrays take on the CPU.
#pragma once

#include <cstdint>

namespace ate {

// While it lives, sums the bytes of the CPU arrays that LibTorch allocates and frees, on all threads.
// Arrays from before are not counted. Scratch memory that libraries take for themselves is not seen. One at
// a time.
class PeakMemory {
 public:
  PeakMemory();
  ~PeakMemory();
  PeakMemory(const PeakMemory&) = delete;
  PeakMemory& operator=(const PeakMemory&) = delete;

  int64_t bytes() const;  // largest sum so far
};

}  // namespace ate
