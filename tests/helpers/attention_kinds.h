// Every kind of attention on a tiny encoder.
#pragma once

#include <vector>

#include "helpers/tiny.h"

namespace ate::testing {

inline std::vector<AttentionKind> sparse_kinds() {
  std::vector<AttentionKind> kinds;
  for (const AttentionDescription* kind : registered<AttentionDescription>())
    if (kind->make != nullptr) kinds.emplace_back(*kind);
  return kinds;
}

// 11 positions in blocks of 3, which do not divide them, and 5 keys, which blocks do not divide.
inline Config sparse_encoder(AttentionKind kind, bool causal = true) {
  Config config = tiny_encoder();
  config.windows.length = 11;
  config.body.causal = causal;
  config.attention.kind = kind;
  config.attention.k = 5;
  for (const auto& [name, value] : {std::pair{"hidden", 6}, {"rank", 3}, {"block", 3}})
    for (const KindSetting& setting : kind->settings)
      if (std::string_view(setting.name) == name) config.attention.own.set(name, int64_t{value});
  // So much that kinds with a bound skip some keys of numbers as small as an untrained model's.
  for (const auto& [name, value] : {std::pair{"epsilon", 0.6}})
    for (const KindSetting& setting : kind->settings)
      if (std::string_view(setting.name) == name) config.attention.own.set(name, value);
  return config;
}

}  // namespace ate::testing
