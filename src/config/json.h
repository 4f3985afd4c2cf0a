// Configs as JSON: strict reading, writing, and the JSON Schema that editors use. All three walk fields.h.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "config/config.h"
#include "support/error.h"

namespace ate {

// Sets the fields of `config` that `document` names. Every unknown key, wrong type and value out of range is
// added to `problems`, with its JSON pointer as `where`; such fields keep their value.
void read_config(const nlohmann::ordered_json& document, Config& config, std::vector<Problem>& problems);

// All fields in the order of fields.h; unset optional ones as null. read_config gives the same config back.
nlohmann::ordered_json write_config(const Config& config);

// The fields that name an experiment: all but those that came later and are at their defaults.
nlohmann::ordered_json hashed_config(const Config& config);

// JSON Schema (draft 2020-12) of a config file.
nlohmann::ordered_json config_schema();

}  // namespace ate
