// The attention of a model by itself, for a fused step of the same parameters: of every kind, and on the flash kernels where
// these serve.
#pragma once

#include <memory>

#include "model/fused/head_attention.h"
#include "model/model.h"

namespace ate {

// Keeps a reference to the model.
std::unique_ptr<HeadAttention> model_attention(const Model& model, const Config& config);

}  // namespace ate
