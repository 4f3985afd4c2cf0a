// JSON files that users name with a flag.
#pragma once

#include <string>

#include "support/json.h"

namespace ate {

// The bytes of the file that `flag` names, or, where it is "", an argument by itself. Throws BadInput when it cannot be
// read, or is so large that a device without an end is more likely.
std::string read_config_file(const std::string& path, const std::string& flag = "--config");

}  // namespace ate
