// Bytes that attention needs beside the model's weights, forward, one layer, `batch` sequences.
#pragma once

#include "analysis/shape.h"

namespace ate::memory {

// Queries, keys, values and outputs: e B T (2 d + 2 hd Hkv). e: bytes per number. Every dense path has
// them.
Count inputs_and_outputs(const Shape& shape, int64_t element_bytes);

// One T x T array for each head, such as the scores: e B H T^2. What the document calls full attention's
// memory. A naive path holds two at its peak, the scores and their softmax; a fused one none.
Count scores(const Shape& shape, int64_t element_bytes);

// What the document calls the sparse path's memory: one number for each selected key, e B H T k.
Count selected_scores(const Shape& shape, int64_t element_bytes);

// One log-sum-exp in fp32 for each query and head: 4 B H T. All that a fused kernel keeps of the scores
// (Dao et al. 2022, FlashAttention).
Count softmax_statistics(const Shape& shape);

// The selector's T outputs for each query and head: e B H T^2. As large as the scores it was to save.
Count selector_outputs(const Shape& shape, int64_t element_bytes);

// The selected values copied side by side, the approximator's input: e B H T k hd.
Count gathered_values(const Shape& shape, int64_t element_bytes);

// Hidden activations of selector or approximator: e B H T h.
Count hidden(const Shape& shape, int64_t element_bytes);

// Positions of the selected keys, 8 bytes each as LibTorch has them: 8 B H T k.
Count selected_positions(const Shape& shape);

// Peaks of whole paths, inputs and outputs included.
Count naive_peak(const Shape& shape, int64_t element_bytes);  // scores and their softmax
Count fused_peak(const Shape& shape, int64_t element_bytes);  // softmax statistics
// The sparse head written as plain array operations: whichever is larger, the selector with its outputs, or
// the selection with the gathered values. (Queries, values and outputs are counted; keys are not read.)
Count sparse_peak(const Shape& shape, int64_t element_bytes);
// A sparse kernel that writes no T^2 and no gathered array: queries, values, outputs and positions.
Count fused_sparse_peak(const Shape& shape, int64_t element_bytes);

}  // namespace ate::memory
