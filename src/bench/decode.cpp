#include "bench/decode.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <memory>

#include "bench/kinds.h"
#include "model/attention/attention.h"
#include "model/attention/flash.h"

namespace ate {
namespace {

// Queries [B, H, 1, hd] as those that share keys and values: [B, Hkv, H / Hkv, hd].
at::Tensor grouped(const AttentionInputs& x) {
  const at::Tensor& q = x.queries;
  return q.view({q.size(0), x.keys.size(1), q.size(1) / x.keys.size(1), q.size(3)});
}

// Over rows of keys and values [.., m, hd] that the queries [.., g, hd] share.
at::Tensor over_rows(const at::Tensor& queries, const at::Tensor& keys, const at::Tensor& values) {
  const double scale = 1 / std::sqrt(static_cast<double>(queries.size(-1)));
  return at::matmul(at::matmul(queries * scale, keys.transpose(-2, -1)).softmax(-1), values);
}

at::Tensor over_last(const AttentionInputs& x, int64_t k) {
  const int64_t first = x.keys.size(2) - k;
  return over_rows(grouped(x), x.keys.narrow(2, first, k), x.values.narrow(2, first, k))
      .view(x.queries.sizes());
}

// The newest block, whole or not, and the `chosen` - 1 before it with the largest products with their mean keys.
at::Tensor over_blocks(const AttentionInputs& x, const at::Tensor& means, int64_t chosen, int64_t block) {
  const at::Tensor& q = x.queries;
  const int64_t before = means.size(2);
  const int64_t group = q.size(1) / x.keys.size(1);
  const at::Tensor best = std::get<1>(
      at::matmul(grouped(x), means.transpose(2, 3)).topk(std::min(chosen - 1, before), -1, true, false));
  const at::Tensor heads =
      at::arange(q.size(0) * q.size(1), best.options()).floor_divide_(group).unsqueeze(1);
  const auto read = [&](const at::Tensor& rows) {  // [B H, m, hd]
    const at::Tensor own = rows.narrow(2, before * block, rows.size(2) - before * block)
                               .repeat_interleave(group, 1)
                               .flatten(0, 1);
    if (best.size(-1) == 0) return own;
    const at::Tensor blocks = rows.narrow(2, 0, before * block).unflatten(2, {before, block}).flatten(0, 1);
    return at::cat({blocks.index({heads, best.flatten(0, 2)}).flatten(1, 2), own}, 1);
  };
  return over_rows(q.flatten(0, 1), read(x.keys), read(x.values)).view(q.sizes());
}

// The same by this program's kernels.
at::Tensor by_kernels(const AttentionInputs& x, const FlashReads& reads, const at::Tensor& means = {}) {
  const auto heads = [](const at::Tensor& rows) { return rows.flatten(0, 1); };
  return flash_decode(heads(x.queries).squeeze(1), heads(x.keys), heads(x.values), reads,
                      means.defined() ? heads(means) : means)
      .view(x.queries.sizes());
}

AttentionPath path_of(const Shape& shape, const std::string& name, bool dense, int64_t element_bytes,
                      double predicted, std::function<AttentionPath::Run()> build) {
  AttentionPath path;
  path.name = name;
  path.dense = dense;
  path.heads = shape.heads;
  // The cache, and at the most the rows that are read and products with them.
  path.needed_bytes = Count(shape.batch) * shape.length *
                      (4 * shape.kv_heads * shape.head_size() + 4 * shape.heads) * element_bytes;
  path.build = std::move(build);
  path.predicted = predicted;
  return path;
}

}  // namespace

std::vector<AttentionPath> decode_paths(const Shape& shape, const AttentionInputs& sample) {
  const auto element_bytes = static_cast<int64_t>(sample.queries.element_size());
  Shape alone = shape;
  alone.causal = false;  // the newest position may read all
  std::vector<AttentionPath> paths = fused_paths(alone, sample);
  for (AttentionPath& path : paths) path.fused = true;
  const int64_t length = shape.length;
  const int64_t k = std::min(shape.keys, length);
  const auto all = static_cast<double>(length);
  paths.push_back(path_of(shape, "dense naive", true, element_bytes, 0, [=] {
    return [=](const AttentionInputs& x) { return over_last(x, x.keys.size(2)); };
  }));
  const bool own = flash_serves(sample.queries);
  if (own) {
    paths.push_back(path_of(shape, "dense flash, ate", true, element_bytes, 0,
                            [] { return [](const AttentionInputs& x) { return by_kernels(x, {}); }; }));
    paths.back().fused = paths.back().own = true;
  }
  paths.push_back(path_of(shape, "sparse window", false, element_bytes, all / static_cast<double>(k), [=] {
    return [=](const AttentionInputs& x) { return own ? by_kernels(x, {.window = k}) : over_last(x, k); };
  }));
  const int64_t block = bench_config(shape, AttentionKind("block_topk")).attention.own.whole("block");
  const int64_t before = (length - 1) / block;
  const int64_t chosen = k >= length ? before + 1 : std::max<int64_t>(1, k / block);
  const double rows = static_cast<double>(chosen * block) + static_cast<double>(before) / 2;
  paths.push_back(path_of(shape, "sparse block_topk", false, element_bytes, all / rows, [=] {
    const auto means = std::make_shared<at::Tensor>();
    return [=](const AttentionInputs& x) {
      if (!means->defined())
        *means = x.keys.narrow(2, 0, before * block).unflatten(2, {before, block}).mean(3);
      return own ? by_kernels(x, {.blocks_read = chosen, .block = block}, *means)
                 : over_blocks(x, *means, chosen, block);
    };
  }));
  return paths;
}

}  // namespace ate
