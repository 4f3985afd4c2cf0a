// Dropout masks as pure functions of (key, site, step): no LibTorch, the same on every machine.
#pragma once

#include <cstdint>
#include <span>

#include "config/config.h"
#include "kernels/cpu/kernels.h"
#include "random/counter.h"

namespace ate {

// Dropout sites of an encoder layer; a layer's first site is its index times kSites.
enum Site : uint32_t {
  kAttentionWeights = 0,
  kAttentionOutput = 1,
  kInsideFeedForward = 2,
  kFeedForwardOutput = 3
};
inline constexpr uint32_t kSites = 4;
// On what the first layer reads: behind the sites of all layers.
inline constexpr uint32_t kEmbeddingSite = 0xFFFFFF;

// The body's probability at a site; 0: no dropout there. The bag has none.
double dropout_probability(const BodyConfig& body, uint32_t site);
// Whether any site has some.
bool drops_anything(const BodyConfig& body);

// What draws the mask. An element is dropped with q = round(65536 p) / 65536, the nearest probability that 16 bits can
// draw exactly.
kernels::DropoutDraw dropout_draw(RandomKey key, uint32_t site, uint32_t step, double p);

// The factor of a kept element, 1 / (1 - q) (Srivastava et al. 2014, inverted), so that the mask's mean is exactly 1.
float kept_factor(double p);

// Fills `mask` with 0 where an element is dropped and the factor where it is kept. Element i takes 16 bits of the
// counter-based block i / 8.
void fill_dropout_mask(RandomKey key, uint32_t site, uint32_t step, double p, std::span<float> mask);

}  // namespace ate
