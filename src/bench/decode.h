// Attention of one new query against a cache of T keys, as a model decodes text.
#pragma once

#include <vector>

#include "bench/paths.h"

namespace ate {

// One query of each head after T cached positions, its own included. Dense: each fused backend that LibTorch takes for such
// inputs, this program's kernels, plain operations. Sparse: window and block_topk, in fp32 on the CPU by the kernels and
// elsewhere as plain operations; the mean keys of whole blocks are kept beside the cache and are made in the first run. `sample`: queries [B, H, 1, hd], keys and values [B, Hkv, any, hd].
std::vector<AttentionPath> decode_paths(const Shape& shape, const AttentionInputs& sample);

}  // namespace ate
