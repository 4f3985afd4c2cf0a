// A source for people: what is known of its law, and a few windows. No LibTorch.
#pragma once

#include "export/source_files.h"
#include "report/table.h"

namespace ate {

// With the first `windows` training windows.
Report source_report(const TrialSource& trial, int64_t windows);

// What write_source wrote into `folder`, by the source.json that it returned.
Report files_report(const TrialSource& trial, const nlohmann::ordered_json& written,
                    const std::filesystem::path& folder);

}  // namespace ate
