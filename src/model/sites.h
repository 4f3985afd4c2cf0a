// What all forms of the model (reference, fused, stacked) have in common.
#pragma once

#include <cstdint>

namespace ate {

// Dropout sites of an encoder layer; a layer's first site is its index times kSites.
enum Site : uint32_t {
  kAttentionWeights = 0,
  kAttentionOutput = 1,
  kInsideFeedForward = 2,
  kFeedForwardOutput = 3
};
inline constexpr uint32_t kSites = 4;

inline constexpr double kNormEpsilon = 1e-5;  // PyTorch's default

}  // namespace ate
