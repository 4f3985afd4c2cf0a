// Whether the original report's criteria and printed numbers apply to a study.
#pragma once

#include "config/config.h"

namespace ate {

// False for a config that has a preset's criteria or printed numbers, and another source than that preset. Criteria
// that are the config's own apply.
bool is_originals_source(const Config& config);

}  // namespace ate
