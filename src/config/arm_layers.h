// Lists of arms on the command line, completed from the layers below them. No LibTorch.
#pragma once

#include <vector>

#include "config/layers.h"

namespace ate {

// In the study.arms of a flag a name is the arm that a layer below lists by it, where one does, and null is the baseline
// of the layers below, which is listed once. Overlays for published mode count where `published`.
void complete_arms(std::vector<Layer>& layers, bool published);

}  // namespace ate
