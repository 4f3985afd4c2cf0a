#include "model/flops.h"

#include <algorithm>

#include "config/derived.h"

namespace ate {

double attention_flops_per_token(const Config& config, AttentionKind kind) {
  const AttentionConfig& a = config.attention;
  const auto length = static_cast<double>(config.windows.length);
  const int64_t head_width = config.body.width / config.body.heads;
  const auto width = static_cast<double>(head_width);
  const auto keys = static_cast<double>(std::min(a.k, config.windows.length));
  const auto hidden = static_cast<double>(a.hidden);
  const auto rank = static_cast<double>(a.rank);
  const double exact = 4 * keys * width;
  switch (kind) {
    case AttentionKind::dense:
      return 4 * length * width;
    case AttentionKind::oracle_topk:
      return 2 * length * width + 2 * keys * width;
    case AttentionKind::window:
      return exact;
    case AttentionKind::lowrank_topk:
      return 4 * width * rank + 2 * length * rank + exact;
    case AttentionKind::block_topk: {
      const int64_t blocks = (config.windows.length + a.block - 1) / a.block;
      const int64_t chosen = a.k >= config.windows.length ? blocks : std::max<int64_t>(1, a.k / a.block);
      return width + 2 * static_cast<double>(blocks) * width +
             4 * static_cast<double>(chosen * a.block) * width;
    }
    case AttentionKind::mlp_topk: {
      const double selector = 2 * (width * hidden + hidden * length);
      return selector + (a.approximator ? 2 * (keys * width * hidden + hidden * width) : exact);
    }
  }
  return 0;
}

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
    const double linear_maps = 2 * (4 + 2 * static_cast<double>(body.feedforward)) * d * d;
    forward += windows * length * static_cast<double>(body.layers) * linear_maps;
    for (int64_t layer = 0; layer < body.layers; ++layer) {
      const int64_t sparse = sparse_heads(config, layer);
      forward += windows * length *
                 (static_cast<double>(body.heads - sparse) *
                      attention_flops_per_token(config, AttentionKind::dense) +
                  static_cast<double>(sparse) * attention_flops_per_token(config, config.attention.kind));
    }
  }
  forward += windows * static_cast<double>(targets_per_window(config)) * 2 * d * vocabulary;
  return 3 * forward / (windows * length);
}

}  // namespace ate
