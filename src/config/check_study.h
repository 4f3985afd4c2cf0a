// Problems of what a study compares: its arms and its tuning. `where` is a JSON pointer.
#pragma once

#include <functional>
#include <vector>

#include "config/config.h"
#include "support/error.h"

namespace ate {

// Of the arms that set something: `check` by the config of each, and what one of them may not set beside the others.
std::vector<Problem> check_arms(const Config& study,
                                const std::function<std::vector<Problem>(const Config&)>& check);

std::vector<Problem> check_tuning(const Config& study);

}  // namespace ate
