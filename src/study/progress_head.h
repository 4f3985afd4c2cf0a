// The first lines of a progress file: what a look at many trials needs, without their curves. No LibTorch.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>

#include "train/progress.h"

namespace ate {

struct ProgressHead {
  std::string arm;
  int64_t seed = 0;
  TrainingStatus status = TrainingStatus::running;
  int64_t epochs = 0;  // completed
  int64_t epochs_in_all = 0;
  double seconds = 0;  // trained so far
  double left = 0;     // seconds, when the file was written, less what has passed since; NaN unknown
};

// Nothing where there is no such file, or it does not begin as one.
std::optional<ProgressHead> read_progress_head(const std::filesystem::path& path);

}  // namespace ate
