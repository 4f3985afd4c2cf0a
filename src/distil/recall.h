// The pipeline's second source, where attention is needed. No LibTorch.
#pragma once

#include "config/config.h"

namespace ate {

// `config` on a recall source, train.recall_epochs long.
Config recall_config(const Config& config);

}  // namespace ate
