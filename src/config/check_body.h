// What a body's settings must be together.
#pragma once

#include <vector>

#include "config/config.h"
#include "support/error.h"

namespace ate {

// Heads that do not fit, and settings that have no effect.
std::vector<Problem> check_body(const BodyConfig& body);

}  // namespace ate
