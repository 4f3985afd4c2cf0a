#include "model/dropout.h"

#include <cmath>
#include <vector>

namespace ate {
namespace {

uint32_t threshold_of(double p) { return static_cast<uint32_t>(std::lround(p * 65536)); }

}  // namespace

double dropout_probability(const BodyConfig& body, uint32_t site) {
  if (body.kind == BodyKind::bag) return 0;
  if (site == kEmbeddingSite) return body.dropout_embedding.value_or(0);
  switch (site % kSites) {
    case kAttentionWeights:
      return body.dropout_attention.value_or(body.dropout);
    case kInsideFeedForward:
      return body.dropout_feedforward.value_or(body.dropout);
    default:
      return body.dropout_residual.value_or(body.dropout);
  }
}

bool drops_anything(const BodyConfig& body) {
  for (const uint32_t site : {uint32_t{kAttentionWeights}, uint32_t{kAttentionOutput},
                              uint32_t{kInsideFeedForward}, kEmbeddingSite})
    if (dropout_probability(body, site) > 0) return true;
  return false;
}

kernels::DropoutDraw dropout_draw(RandomKey key, uint32_t site, uint32_t step, double p) {
  return {key.seed, key.stream, purpose_word(Purpose::dropout, site), step, threshold_of(p)};
}

float kept_factor(double p) { return static_cast<float>(65536.0 / (65536.0 - threshold_of(p))); }

void fill_dropout_mask(RandomKey key, uint32_t site, uint32_t step, double p, std::span<float> mask) {
  const auto elements = static_cast<int64_t>(mask.size());
  std::vector<uint8_t> bits(static_cast<size_t>(kernels::mask_bytes(elements)));
  kernels::kernel_sets().front().fp32->draw_mask(dropout_draw(key, site, step, p), elements, bits.data());
  const float kept = kept_factor(p);
  for (size_t i = 0; i < mask.size(); ++i) mask[i] = (bits[i / 8] >> (i % 8) & 1) != 0 ? kept : 0;
}

}  // namespace ate
