// A report as a file, so that a finished run is printed again in every format as it was.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "report/table.h"

namespace ate {

nlohmann::ordered_json report_to_json(const Report& report);
Report report_from_json(const nlohmann::ordered_json& stored);  // throws nlohmann::json::exception

}  // namespace ate
