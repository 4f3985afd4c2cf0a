#include "model/flops.h"

#include "config/derived.h"

namespace ate {

double training_flops_per_token(const Config& config, const EmbeddingPlan& plan) {
  const BodyConfig& body = config.body;
  const auto d = static_cast<double>(body.width);
  const auto length = static_cast<double>(config.windows.length);
  const auto vocabulary = static_cast<double>(config.source.vocabulary);
  const double windows = static_cast<double>(config.windows.batch);

  double forward = 0;  // of a step
  for (const EmbeddingBlock& block : plan.blocks)
    if (block.projected)
      forward += 2 * static_cast<double>(block.live_rows()) * static_cast<double>(block.width) * d;
  if (body.kind == BodyKind::encoder) {
    const auto projections = static_cast<double>(in_projection_rows(body) + body.width);
    const double matrices = body.activation == Activation::swiglu ? 3 : 2;
    const double linear_maps = 2 * (projections + matrices * static_cast<double>(hidden_width(body))) * d;
    forward += windows * length * static_cast<double>(body.layers) * linear_maps;
    for (int64_t layer = 0; layer < body.layers; ++layer) {
      const int64_t sparse = sparse_heads(config, layer);
      forward += windows * length *
                 (static_cast<double>(body.heads - sparse) * AttentionKind::dense->flops(config) +
                  static_cast<double>(sparse) * config.attention.kind->flops(config));
    }
  }
  forward += windows * scored_per_window(config) * 2 * d * vocabulary;
  return 3 * forward / (windows * length);
}

}  // namespace ate
