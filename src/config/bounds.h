// Ranges of settings: whether a number is inside, what to tell a user who left it, and how a JSON Schema says it.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "config/kind_settings.h"

namespace ate {

bool holds(const Bounds& bounds, double value);

// What the value should have been: "a number above 0", "a whole number from 1 to 64".
std::string expectation(const char* kind, const Bounds& bounds);

// To a property of a JSON Schema.
void add_bounds(nlohmann::ordered_json& property, const Bounds& bounds);

}  // namespace ate
