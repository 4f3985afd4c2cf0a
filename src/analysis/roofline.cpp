#include "analysis/roofline.h"

#include <algorithm>

#include "analysis/accounting.h"
#include "analysis/memory.h"

namespace ate {
namespace {

// Weights of every head's selector (hd h + h T) and approximator (k hd h + h hd).
Count sparse_weights(const Shape& s) {
  const Count keys = std::min(s.keys, s.length);
  return Count(s.heads) * s.hidden * (Count(s.head_size()) * 2 + s.length + keys * s.head_size());
}

}  // namespace

const std::vector<Device>& data_sheet_devices() {
  // Tensor-core peaks without structured sparsity: NVIDIA's sheets print some with it, twice as large.
  static const std::vector<Device> devices = {
      {"h100", "NVIDIA H100 SXM5 80 GB", 67e12, 989.4e12, 3.35e12,
       "NVIDIA H100 Tensor Core GPU data sheet, SXM: FP32 67 TFLOPS, BF16 1,979 TFLOPS with sparsity (half "
       "of it without), 3.35 TB/s"},
      {"h200", "NVIDIA H200 SXM 141 GB", 67e12, 989.4e12, 4.8e12,
       "NVIDIA H200 Tensor Core GPU data sheet, SXM: FP32 67 TFLOPS, BF16 1,979 TFLOPS with sparsity (half "
       "of it without), 4.8 TB/s"},
      {"a100", "NVIDIA A100 SXM4 80 GB", 19.5e12, 312e12, 2.039e12,
       "NVIDIA A100 Tensor Core GPU data sheet, 80 GB SXM: FP32 19.5 TFLOPS, BF16 312 TFLOPS, 2,039 GB/s"},
  };
  return devices;
}

std::vector<Work> attention_work(const Shape& s, int64_t element_bytes) {
  using namespace memory;
  const Cost flops = cost(Accounting::corrected, s);
  const Count dense = flops.full.total() * s.batch;
  const Count ends = inputs_and_outputs(s, element_bytes);
  const Count sparse_ends = ends - Count(element_bytes) * s.batch * s.length * s.head_size() * s.kv_heads;
  const Count written = selector_outputs(s, element_bytes) + selected_scores(s, element_bytes) +
                        selected_positions(s) + gathered_values(s, element_bytes) +
                        2 * hidden(s, element_bytes);
  return {{"dense naive", dense, ends + 4 * scores(s, element_bytes)},
          {"dense fused", dense, ends},
          {"sparse", flops.sparse.total() * s.batch,
           sparse_ends + 2 * written + element_bytes * sparse_weights(s)}};
}

RooflinePoint place(const Work& work, const Device& device, int64_t element_bytes) {
  const double peak = element_bytes == 2 ? device.bf16_flops : device.fp32_flops;
  RooflinePoint point;
  point.intensity = ratio(work.flops, work.bytes);
  point.ridge = peak / device.bandwidth;
  point.attainable = std::min(peak, point.intensity * device.bandwidth);
  point.seconds = to_double(work.flops) / point.attainable;
  return point;
}

}  // namespace ate
