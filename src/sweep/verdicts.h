// What the studies of a sweep found, over its grid: verdicts as a matrix, differences as curves. No LibTorch.
#pragma once

#include <filesystem>

#include "report/page.h"

namespace ate {

// A row for each job with what it sets, and for each arm its difference to the baseline and the verdict; the state of a
// job without a result. Then a row for each comparison, with its numbers.
Report sweep_verdicts(const std::filesystem::path& out);

// The same as a page: the verdicts counted, differences over an axis of the grid, the tables.
Page sweep_page(const std::filesystem::path& out);

}  // namespace ate
