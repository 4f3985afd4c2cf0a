// The ways of computing attention that this build can time.
#pragma once

#include <ATen/core/Tensor.h>

#include <functional>
#include <string>
#include <vector>

#include "analysis/shape.h"

namespace ate {

// [B, H, T, hd] queries; [B, Hkv, T, hd] keys and values.
struct AttentionInputs {
  at::Tensor queries, keys, values;
  // [T, T], true where a query (row) may not look; undefined: nowhere. Fused paths do not read it.
  at::Tensor hidden;
};

struct AttentionPath {
  using Run = std::function<at::Tensor(const AttentionInputs&)>;

  std::string name;
  bool dense = true;
  bool fused = false;          // without a T x T array
  int64_t heads = 0;           // that it computes
  Count needed_bytes;          // at its peak, inputs and outputs included
  std::function<Run()> build;  // makes the weights, if any, and what to time
  double predicted = 0;        // dense FLOPs / its FLOPs; 0: what the corrected accounting says of the shape
  bool own = false;            // on this program's kernels
};

// Each fused backend that LibTorch takes for such inputs on their device.
std::vector<AttentionPath> fused_paths(const Shape& shape, const AttentionInputs& sample);

// Dense: each fused backend that LibTorch takes for such inputs on their device, then plain operations.
// Sparse: the original report's mlp_topk with all heads, and its one head that the published ratio counts; with
// `other_kinds` every other kind of src/model/attention too.
// `sample` has the inputs' device, type and head size, and may be short.
std::vector<AttentionPath> attention_paths(const Shape& shape, const AttentionInputs& sample,
                                           bool other_kinds = true);

}  // namespace ate
