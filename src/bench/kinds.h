// The kinds of sparse attention that models here can train with, as paths to be timed.
#pragma once

#include <c10/core/TensorOptions.h>

#include <vector>

#include "bench/paths.h"

namespace ate {

// Every kind of src/model/attention but mlp_topk, with all heads, as models run them without dropout. Selectors
// are untrained: the time does not depend on their weights. rank is the config's default, and block too where k is below 64; else it is 64. The predicted
// speedup is the ratio of operations as executed (model/flops.h), the masked half included on both sides.
std::vector<AttentionPath> kind_paths(const Shape& shape, const at::TensorOptions& options);

// The config of an encoder with attention of this kind and shape, in the blocks that kind_paths has.
Config bench_config(const Shape& shape, AttentionKind kind);

// The original report's mlp_topk, approximator included, over the first `heads` heads of the shape.
AttentionPath mlp_topk_path(const Shape& shape, int64_t heads, const at::TensorOptions& options);

}  // namespace ate
