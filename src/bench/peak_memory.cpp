#include "bench/peak_memory.h"

#include <c10/core/Allocator.h>
#include <c10/core/CPUAllocator.h>

#include <atomic>
#include <memory>

namespace ate {
namespace {

std::atomic<int64_t> live = 0;
std::atomic<int64_t> peak = 0;

// An array of the allocator below: the array it stands for, and its size.
struct Counted {
  c10::DataPtr data;
  int64_t bytes;
};

void release(void* context) {
  const std::unique_ptr<Counted> counted(static_cast<Counted*>(context));
  live -= counted->bytes;
}

class CountingAllocator final : public c10::Allocator {
 public:
  c10::DataPtr allocate(size_t size) override {
    auto counted = std::make_unique<Counted>(
        Counted{c10::GetDefaultCPUAllocator()->allocate(size), static_cast<int64_t>(size)});
    const int64_t sum = live += counted->bytes;
    int64_t before = peak;
    while (before < sum && !peak.compare_exchange_weak(before, sum)) {
    }
    void* data = counted->data.get();
    return {data, counted.release(), release, c10::Device(c10::kCPU)};
  }
  void copy_data(void* to, const void* from, size_t size) const override {
    default_copy_data(to, from, size);
  }
};

constexpr uint8_t kPriority = 1;  // an allocator is replaced by one of the same or a higher priority

}  // namespace

PeakMemory::PeakMemory() {
  // Lives as long as the program: arrays that it made may outlive this object.
  static CountingAllocator allocator;
  live = peak = 0;
  c10::SetCPUAllocator(&allocator, kPriority);
}

PeakMemory::~PeakMemory() { c10::SetCPUAllocator(c10::GetDefaultCPUAllocator(), kPriority); }

int64_t PeakMemory::bytes() const { return peak; }

}  // namespace ate
