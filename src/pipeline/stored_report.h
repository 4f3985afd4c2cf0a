// A report as a file, so that a finished run is printed again in every format as it was.
#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "report/table.h"

namespace ate {

nlohmann::ordered_json report_to_json(const Report& report);
// Throws Failure, with `file` and the place, for what report_to_json did not write: the text carries its hash.
Report report_from_json(const nlohmann::ordered_json& stored, const std::string& file);

// The report of a file that report_to_json filled. Nothing where there is no file or a damaged one, which a warning
// tells.
std::optional<Report> read_report(const std::filesystem::path& path);

}  // namespace ate
