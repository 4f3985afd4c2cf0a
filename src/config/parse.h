// The file that --config names.
#pragma once

#include <string>

#include "support/json.h"

namespace ate {

// Its bytes. Throws BadInput when it cannot be read, or is so large that it is no config.
std::string read_config_file(const std::string& path);

}  // namespace ate
