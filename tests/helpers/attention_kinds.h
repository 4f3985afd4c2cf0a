// Every kind of attention on a tiny encoder.
#pragma once

#include <vector>

#include "config/fields.h"
#include "helpers/tiny.h"

namespace ate::testing {

inline std::vector<AttentionKind> sparse_kinds() {
  std::vector<AttentionKind> kinds;
  for (const auto& [kind, name] : EnumNames<AttentionKind>::values)
    if (kind != AttentionKind::dense) kinds.push_back(kind);
  return kinds;
}

// 11 positions in blocks of 3, which do not divide them, and 5 keys, which blocks do not divide.
inline Config sparse_encoder(AttentionKind kind, bool causal = true) {
  Config config = tiny_encoder();
  config.windows.length = 11;
  config.body.causal = causal;
  config.attention.kind = kind;
  config.attention.k = 5;
  if (kind == AttentionKind::mlp_topk) config.attention.hidden = 6;
  if (kind == AttentionKind::lowrank_topk) config.attention.rank = 3;
  if (kind == AttentionKind::block_topk) config.attention.block = 3;
  return config;
}

}  // namespace ate::testing
