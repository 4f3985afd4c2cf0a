#include "kernels/cpu/kernels.h"

namespace ate::kernels {

#define ATE_DECLARE(instructions)                \
  namespace instructions {                       \
  template <class E>                             \
  const Kernels<E>& table();                     \
  extern template const Kernels<float>& table(); \
  extern template const Kernels<bf16>& table();  \
  const FlashKernels& flash_table();             \
  }
ATE_DECLARE(portable)
#if defined(ATE_X86_KERNELS)
ATE_DECLARE(avx2)
ATE_DECLARE(avx512)
#endif

const std::vector<KernelSet>& kernel_sets() {
  static const std::vector<KernelSet> sets = [] {
    std::vector<KernelSet> all;
#if defined(ATE_X86_KERNELS)
    __builtin_cpu_init();
    const bool v3 =
        __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
    const bool v4 = v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                    __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
                    __builtin_cpu_supports("avx512vl");
    if (v4)
      all.push_back({"avx512", &avx512::table<float>(), &avx512::table<bf16>(), &avx512::flash_table()});
    if (v3) all.push_back({"avx2", &avx2::table<float>(), &avx2::table<bf16>(), &avx2::flash_table()});
#endif
    all.push_back(
        {"portable", &portable::table<float>(), &portable::table<bf16>(), &portable::flash_table()});
    return all;
  }();
  return sets;
}

}  // namespace ate::kernels
