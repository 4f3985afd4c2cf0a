// How well a selector finds the keys of one head, against what needs no selector at all.
#pragma once

#include <ATen/core/Tensor.h>

#include "distil/result.h"
#include "distil/teacher.h"
#include "model/attention/mlp_topk.h"

namespace ate {

// What head 0 of layer 0 of a teacher read and made on some windows.
struct Collected {
  at::Tensor queries;    // [n, T, hd]
  at::Tensor values;     // [n, T, hd]
  at::Tensor attention;  // [n, T, T]
  at::Tensor outputs;    // [n, T, hd]
};
Collected collect(const Teacher& teacher, const at::Tensor& windows);

SelectorQuality selector_quality(const Teacher& teacher, const Collected& seen,
                                 const MlpTopKAttention& selector, int64_t k);

}  // namespace ate
