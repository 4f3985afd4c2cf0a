// The most arithmetic that the instruction set can do: multiply-adds between registers, with no memory in between.
#include "kernels/cpu/operations/operations.h"
#include "kernels/cpu/operations/vectors.h"

namespace ate::kernels::ATE_INSTRUCTIONS {
namespace {

#if defined(__AVX512F__)
constexpr int kRegisterBytes = 64;
#elif defined(__AVX__)
constexpr int kRegisterBytes = 32;
#else
constexpr int kRegisterBytes = 16;
#endif
// Independent sums in twelve registers: more than a processor can have under way, fewer than there are.
constexpr int kSums = 12 * kRegisterBytes / static_cast<int>(sizeof(Floats));

}  // namespace

int64_t multiply_adds(int64_t rounds, float* sums) {
  // Read from memory, so that the compiler cannot work them out.
  const volatile float half = 0.5F;
  const volatile float one = 1.0F;
  const Floats factor = splat(half);
  const Floats term = splat(one);
  Floats sum[kSums];
  for (int i = 0; i < kSums; ++i) sum[i] = splat(static_cast<float>(i));
  for (int64_t round = 0; round < rounds; ++round)
    for (int i = 0; i < kSums; ++i) sum[i] = sum[i] * factor + term;
  Floats all = {};
  for (int i = 0; i < kSums; ++i) all += sum[i];
  store(sums, all);
  return rounds * kSums * kLanes * 2;
}

}  // namespace ate::kernels::ATE_INSTRUCTIONS
