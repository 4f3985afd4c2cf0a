#include "bench/kinds.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

#include "analysis/memory.h"
#include "bench/attention.h"
#include "model/attention/attention.h"
#include "model/layout.h"

namespace ate {
namespace {

constexpr int64_t kBenchBlock = 64;

}  // namespace

Config attention_config(const Shape& shape, AttentionKind kind) {
  Config config;
  config.windows.length = shape.length;
  config.body.kind = BodyKind::encoder;
  config.body.width = shape.width;
  config.body.heads = shape.heads;
  config.body.causal = shape.causal;
  config.attention.kind = kind;
  config.attention.k = shape.keys;
  config.attention.own.set("hidden", shape.hidden);
  return config;
}

Config bench_config(const Shape& shape, AttentionKind kind) {
  Config config = attention_config(shape, kind);
  if (shape.keys >= kBenchBlock) config.attention.own.set("block", kBenchBlock);
  return config;
}

namespace {

// Bytes at the peak, estimated from above: inputs and outputs; keys and values of the chosen positions, gathered; and,
// where every pair of a query and a key is scored, the scores beside what the mask and the choice make of them.
Count peak_bytes(const Shape& shape, AttentionKind kind, bool reads_more, int64_t element_bytes) {
  const Count rows = Count(shape.batch) * shape.heads * shape.length;
  Count bytes = rows * 4 * shape.head_size() * element_bytes;
  // block_topk reads its own block whole, also where k is less.
  bytes += rows * (2 * (shape.keys + AttentionConfig().own.whole("block")) * (shape.head_size() + 8)) *
           element_bytes;
  if (std::string_view(kind->name) != "window")
    bytes += rows * shape.length * ((reads_more ? 8 : 3) * element_bytes);
  return bytes + Count(shape.length) * shape.length * element_bytes;
}

// The mask that models add to scores, made from the one that says what is hidden.
at::Tensor additive_mask(const AttentionInputs& x) {
  if (!x.hidden.defined()) return {};
  return at::zeros(x.hidden.sizes(), x.queries.options())
      .masked_fill_(x.hidden, -std::numeric_limits<double>::infinity());
}

std::shared_ptr<SparseAttention> make_attention(const Config& config, const at::TensorOptions& options) {
  const int64_t size = config.body.width / config.body.heads;
  LayoutBuilder parameters;
  const AttentionKind& kind = config.attention.kind;
  if (kind->add_parameters != nullptr) kind->add_parameters(parameters, "", config, config.body.heads);
  return kind->make(config, [&](const std::string& name) {
    return at::randn(parameters.layout.at(name).shape, options) / std::sqrt(static_cast<double>(size));
  });
}

AttentionPath::Run runner(std::shared_ptr<SparseAttention> attention, bool causal) {
  const auto mask = std::make_shared<at::Tensor>();  // made in the first run, which is not timed
  return [=](const AttentionInputs& x) {
    if (x.hidden.defined() && !mask->defined() && !attention->is_linear(x.queries)) *mask = additive_mask(x);
    const int64_t group = x.queries.size(1) / x.keys.size(1);
    const auto spread = [&](const at::Tensor& y) { return group > 1 ? y.repeat_interleave(group, 1) : y; };
    return attention->attend({x.queries, spread(x.keys), spread(x.values), *mask,
                              1 / std::sqrt(static_cast<double>(x.queries.size(3))), causal},
                             nullptr);
  };
}

}  // namespace

AttentionPath mlp_topk_path(const Shape& whole, int64_t heads, const at::TensorOptions& options) {
  Shape shape = whole;
  shape.heads = heads;
  shape.kv_heads = std::min(shape.kv_heads, heads);
  shape.width = heads * whole.head_size();
  const Config config = attention_config(shape, AttentionKind::mlp_topk);
  const auto element_bytes = static_cast<int64_t>(options.dtype().itemsize());
  return {heads == whole.heads ? "sparse mlp_topk" : "sparse mlp_topk, one head", false, false, heads,
          // The operations that train keep twice what the method needs, and a mask that is added to scores.
          2 * memory::sparse_peak(shape, element_bytes) +
              Count(shape.length) * shape.length * (1 + element_bytes),
          [=] {
            const AttentionPath::Run run = runner(make_attention(config, options), config.body.causal);
            return [=](const AttentionInputs& x) {
              const int64_t group = x.queries.size(1) / x.keys.size(1);
              const auto first = [&](const at::Tensor& y) { return y.narrow(1, 0, heads); };
              const auto spread = [&](const at::Tensor& y) {
                return group > 1 ? y.repeat_interleave(group, 1) : y;
              };
              return run({first(x.queries), first(spread(x.keys)), first(spread(x.values)), x.hidden});
            };
          }};
}

std::vector<AttentionPath> kind_paths(const Shape& shape, const at::TensorOptions& options) {
  const auto element_bytes = static_cast<int64_t>(options.dtype().itemsize());
  std::vector<AttentionPath> paths;
  for (const AttentionDescription* description : registered<AttentionDescription>()) {
    const AttentionKind kind(*description);
    if (kind == AttentionKind::dense || kind == AttentionKind::mlp_topk) continue;
    const Config config = bench_config(shape, kind);
    const std::shared_ptr<SparseAttention> attention = make_attention(config, options);
    const bool flash = attention->is_linear(at::empty({0, 1, shape.length, 1}, options));
    AttentionPath path = {std::string("sparse ") + kind->name,
                          false,
                          flash,
                          shape.heads,
                          flash ? 2 * memory::fused_peak(shape, element_bytes)
                                : peak_bytes(shape, kind, attention->k_is_least(), element_bytes),
                          [=] { return runner(make_attention(config, options), config.body.causal); },
                          AttentionKind::dense->flops(config) / kind->flops(config)};
    path.own = flash;
    paths.push_back(std::move(path));
  }
  return paths;
}

}  // namespace ate
