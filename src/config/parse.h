// JSON text as users write it.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "support/error.h"

namespace ate {

// Parses JSON and refuses what the parser lets pass: the same key twice in one object. Problems are added with
// `label`, for a syntax error as "label:line:column"; the document is then an empty object.
nlohmann::ordered_json parse_json(const std::string& text, const std::string& label,
                                  std::vector<Problem>& problems);

// The bytes of the file that --config names. Throws BadInput when it cannot be read.
std::string read_config_file(const std::string& path);

}  // namespace ate
