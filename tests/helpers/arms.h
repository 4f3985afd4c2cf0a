// Every arm, and a config in which each can be built.
#pragma once

#include <vector>

#include "helpers/tiny.h"

namespace ate::testing {

inline std::vector<Arm> all_arms() { return built_in_arms(); }

// Wide enough for the arms of fixed widths, with enough parameters for param_matched to come near bespoke.
inline Config config_for_all_arms() {
  Config config = tiny_encoder();
  config.body.width = 16;
  config.embedding.widths.columns = {9, 5, 2};
  return config;
}

}  // namespace ate::testing
