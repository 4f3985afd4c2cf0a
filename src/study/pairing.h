// How far the arms of a seed pair: what they share by construction, and what their settings keep apart. No LibTorch.
#pragma once

#include <string>
#include <vector>

#include "study/result.h"

namespace ate {

// A sentence per arm that sets something: what it sets, which of its parameters start as the baseline's, and what else it
// does not share.
std::vector<std::string> describe_pairing(const StudyResult& result);

}  // namespace ate
