#include "model/stacked/masks.h"

#include <ATen/ATen.h>
#ifdef ATE_CUDA_STEPS
#include <ATen/cuda/jiterator.h>
#endif

#include "model/dropout.h"
#include "model/stacked/philox.h"
#include "support/error.h"

namespace ate {
namespace {

at::Tensor draw_on_cpu(const std::vector<RandomKey>& keys, double p, uint32_t site, int64_t count,
                       uint32_t step) {
  const auto rows = static_cast<int64_t>(keys.size());
  at::Tensor masks = at::empty({rows, count}, at::kFloat);
  auto* row = masks.mutable_data_ptr<float>();
  for (const RandomKey key : keys) {
    fill_dropout_mask(key, site, step, p, {row, static_cast<size_t>(count)});
    row += count;
  }
  return masks;
}

// Nothing here waits for the device or copies to it, so the launches can be recorded.
#ifdef ATE_CUDA_STEPS
at::Tensor draw_on_cuda(const at::Tensor& seeds, const at::Tensor& streams, double p, uint32_t site,
                        int64_t count, const at::Tensor& step) {
  const at::Tensor element = at::arange(count, seeds.options()).unsqueeze(0);
  const kernels::DropoutDraw draw = dropout_draw({}, site, 0, p);  // of which key and step stand in tensors
  const at::Tensor site_word = at::full({}, static_cast<int64_t>(draw.site_word), seeds.options());
  const auto bits = at::cuda::CompileAndLaunchKernel(kDropoutBitsText, "dropout_bits", /*num_outputs=*/1,
                                                     {element, site_word, seeds, streams, step}, {},
                                                     /*return_by_ref=*/false);
  return bits[0].ge(static_cast<int64_t>(draw.threshold)).to(at::kFloat).mul_(kept_factor(p));
}
#else
at::Tensor draw_on_cuda(const at::Tensor&, const at::Tensor&, double, uint32_t, int64_t, const at::Tensor&) {
  throw Failure("masks", "this build has no CUDA");
}
#endif

}  // namespace

StackedMasks::StackedMasks(std::vector<RandomKey> keys, at::Device device)
    : keys_(std::move(keys)), device_(device) {
  std::vector<int64_t> seeds;
  std::vector<int64_t> streams;
  for (const RandomKey key : keys_) {
    seeds.push_back(key.seed);
    streams.push_back(key.stream);
  }
  seeds_ = at::tensor(seeds, at::kLong).unsqueeze(1).to(device);
  streams_ = at::tensor(streams, at::kLong).unsqueeze(1).to(device);
}

at::Tensor StackedMasks::draw(uint32_t site, double p, int64_t count, const at::Tensor& step) const {
  if (device_.is_cpu())
    return draw_on_cpu(keys_, p, site, count, static_cast<uint32_t>(step.item<int64_t>()));
  return draw_on_cuda(seeds_, streams_, p, site, count, step);
}

}  // namespace ate
