// Follows the #include "..." lines of source files.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace ate::testing {

// The way from `file` to the first header of LibTorch that it includes, itself or through the project's own
// headers: "study/trial_runner.h -> train/trial.h -> c10/core/Device.h"; "" when there is none. Names are
// relative to `root`.
std::string way_to_libtorch(const std::filesystem::path& root, const std::string& file);

// Whether `file` includes `header`, itself or through headers found in one of `roots`.
bool sees(const std::vector<std::filesystem::path>& roots, const std::filesystem::path& file,
          const std::string& header);

// Every file below `root` whose name ends so, relative to it, sorted.
std::vector<std::string> files_below(const std::filesystem::path& root, const std::string& ending);

}  // namespace ate::testing
