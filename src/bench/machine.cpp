#include "bench/machine.h"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "run/environment.h"
#include "support/timing.h"

namespace ate {
namespace {

constexpr double kSecondsEach = 0.2;

// Seconds of the fastest run; at least three runs, for kSecondsEach.
template <class Work>
double fastest(const Work& work) {
  double best = std::numeric_limits<double>::infinity();
  double sum = 0;
  for (int run = 0; run < 3 || sum < kSecondsEach; ++run) {
    const double start = wall_seconds();
    work();
    const double seconds = wall_seconds() - start;
    best = std::min(best, seconds);
    sum += seconds;
  }
  return best;
}

double matrix_product_flops(at::ScalarType type) {
  constexpr int64_t n = 1024;
  const at::Tensor a = at::randn({n, n}).to(type);
  const at::Tensor b = at::randn({n, n}).to(type);
  at::Tensor out = at::empty({n, n}, type);
  return 2.0 * n * n * n / fastest([&] { at::mm_out(out, a, b); });
}

double copy_bandwidth() {
  constexpr int64_t bytes = 256 << 20;
  const at::Tensor from = at::ones({bytes / 4});
  at::Tensor to = at::zeros({bytes / 4});
  return 2.0 * bytes / fastest([&] { to.copy_(from); });
}

}  // namespace

Device measure_cpu() {
  at::set_num_threads(usable_cores());
  const c10::InferenceMode no_gradients;
  Device device;
  device.name = "cpu";
  device.title = fmt::format("this processor, {} threads", at::get_num_threads());
  device.fp32_flops = matrix_product_flops(at::kFloat);
  device.bf16_flops = matrix_product_flops(at::kBFloat16);
  device.bandwidth = copy_bandwidth();
  device.source = fmt::format(
      "measured in this run: matrix products {:.1f} GFLOP/s in fp32 and {:.1f} in bf16, copying {:.1f} GB/s",
      device.fp32_flops / 1e9, device.bf16_flops / 1e9, device.bandwidth / 1e9);
  return device;
}

}  // namespace ate
