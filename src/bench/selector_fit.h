// A kind of attention for inputs of no model of its own, with its selector fitted where it learns.
#pragma once

#include <memory>

#include "model/attention/attention.h"

namespace ate {

// The kind that `config` names, for all heads. One that learns starts from random numbers and takes `steps` steps of Adam on
// the selector's own loss over the first kFittedPositions of `inputs`.
std::unique_ptr<SparseAttention> fitted_attention(const Config& config, const HeadInputs& inputs, int steps);

inline constexpr int64_t kFittedPositions = 512;

}  // namespace ate
