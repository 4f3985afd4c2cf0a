#include "bench/paths.h"

#include <ATen/ATen.h>
#include <ATen/Context.h>
#include <ATen/SDPBackend.h>

#include <cmath>
#include <limits>
#include <memory>

#include "analysis/memory.h"
#include "bench/kinds.h"
#include "model/attention/flash.h"

namespace ate {
namespace {

struct Backend {
  at::SDPBackend value;
  const char* name;
};
constexpr Backend kFusedBackends[] = {{at::SDPBackend::flash_attention, "flash"},
                                      {at::SDPBackend::efficient_attention, "memory-efficient"},
                                      {at::SDPBackend::cudnn_attention, "cuDNN"},
                                      {at::SDPBackend::overrideable, "overrideable"}};

// While it lives LibTorch's scaled dot-product attention may take this backend alone.
class OnlyBackend {
 public:
  explicit OnlyBackend(at::SDPBackend backend)
      : flash_(context().userEnabledFlashSDP()),
        efficient_(context().userEnabledMemEfficientSDP()),
        cudnn_(context().userEnabledCuDNNSDP()),
        math_(context().userEnabledMathSDP()),
        overrideable_(context().userEnabledOverrideableSDP()) {
    set(backend == at::SDPBackend::flash_attention, backend == at::SDPBackend::efficient_attention,
        backend == at::SDPBackend::cudnn_attention, false, backend == at::SDPBackend::overrideable);
  }
  ~OnlyBackend() { set(flash_, efficient_, cudnn_, math_, overrideable_); }
  OnlyBackend(const OnlyBackend&) = delete;
  OnlyBackend& operator=(const OnlyBackend&) = delete;

 private:
  static at::Context& context() { return at::globalContext(); }
  static void set(bool flash, bool efficient, bool cudnn, bool math, bool overrideable) {
    context().setSDPUseFlash(flash);
    context().setSDPUseMemEfficient(efficient);
    context().setSDPUseCuDNN(cudnn);
    context().setSDPUseMath(math);
    context().setSDPUseOverrideable(overrideable);
  }

  bool flash_, efficient_, cudnn_, math_, overrideable_;
};

// Whether LibTorch would take the backend for such inputs.
bool is_available(at::SDPBackend backend, const AttentionInputs& x, bool causal, bool grouped) {
  const OnlyBackend only(backend);
  try {
    return at::_fused_sdp_choice(x.queries, x.keys, x.values, {}, 0, causal, std::nullopt, grouped) ==
           static_cast<int64_t>(backend);
  } catch (const c10::Error&) {
    return false;
  }
}

// softmax(Q K^T / sqrt(hd)) V with the scores written out.
at::Tensor naive_attention(const AttentionInputs& x) {
  const int64_t group = x.queries.size(1) / x.keys.size(1);
  const at::Tensor keys = group > 1 ? x.keys.repeat_interleave(group, 1) : x.keys;
  const at::Tensor values = group > 1 ? x.values.repeat_interleave(group, 1) : x.values;
  const double scale = 1 / std::sqrt(static_cast<double>(x.queries.size(3)));
  at::Tensor scores = at::matmul(x.queries * scale, keys.transpose(2, 3));
  if (x.hidden.defined()) scores.masked_fill_(x.hidden, -std::numeric_limits<double>::infinity());
  return at::matmul(scores.softmax(-1), values);
}

Count mask_bytes(const Shape& shape) { return shape.causal ? Count(shape.length) * shape.length : 0; }

AttentionPath fused_path(const Shape& shape, const Backend& backend, int64_t element_bytes) {
  const bool causal = shape.causal;
  const bool grouped = shape.kv_heads != shape.heads;
  const at::SDPBackend value = backend.value;
  return {std::string("dense ") + backend.name,
          true,
          true,
          shape.heads,
          memory::fused_peak(shape, element_bytes),
          [=] {
            return [=](const AttentionInputs& x) {
              const OnlyBackend only(value);
              return at::scaled_dot_product_attention(x.queries, x.keys, x.values, {}, 0, causal,
                                                      std::nullopt, grouped);
            };
          }};
}

// This program's own kernels.
AttentionPath own_path(const Shape& shape, int64_t element_bytes) {
  const bool causal = shape.causal;
  AttentionPath path = {
      "dense flash, ate", true, true, shape.heads, 2 * memory::fused_peak(shape, element_bytes), [=] {
        return [=](const AttentionInputs& x) { return flash_attention(x.queries, x.keys, x.values, causal); };
      }};
  path.own = true;
  return path;
}

AttentionPath naive_path(const Shape& shape, int64_t element_bytes) {
  return {"dense naive",
          true,
          false,
          shape.heads,
          memory::naive_peak(shape, element_bytes) + mask_bytes(shape),
          [] { return naive_attention; }};
}

}  // namespace

std::vector<AttentionPath> fused_paths(const Shape& shape, const AttentionInputs& sample) {
  const auto element_bytes = static_cast<int64_t>(sample.queries.element_size());
  std::vector<AttentionPath> paths;
  for (const Backend& backend : kFusedBackends)
    if (is_available(backend.value, sample, shape.causal, shape.kv_heads != shape.heads))
      paths.push_back(fused_path(shape, backend, element_bytes));
  return paths;
}

std::vector<AttentionPath> attention_paths(const Shape& shape, const AttentionInputs& sample,
                                           bool other_kinds) {
  const at::TensorOptions options = sample.queries.options();
  const auto element_bytes = static_cast<int64_t>(sample.queries.element_size());
  std::vector<AttentionPath> paths = fused_paths(shape, sample);
  if (flash_serves(sample.queries)) paths.push_back(own_path(shape, element_bytes));
  paths.push_back(naive_path(shape, element_bytes));
  paths.push_back(mlp_topk_path(shape, shape.heads, options));
  if (shape.heads > 1) paths.push_back(mlp_topk_path(shape, 1, options));
  if (other_kinds)
    for (AttentionPath& path : kind_paths(shape, options)) paths.push_back(std::move(path));
  return paths;
}

}  // namespace ate
