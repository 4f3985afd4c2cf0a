// A finished distillation as a page for people: the answer first, then what it rests on. No LibTorch.
#pragma once

#include <filesystem>

#include "distil/distillation.h"
#include "report/page.h"

namespace ate {

// Whether the run of this config leaves a distillation, and not trials.
bool is_distillation(const Config& config);

// The run in `folder`, from its config and its result. Throws BadInput where it has not finished, Failure when the result
// is damaged.
DistillationOutcome read_distillation(const std::filesystem::path& folder);

// `environment`: what the run's environment.json holds.
Page distillation_page(const DistillationOutcome& outcome, const std::filesystem::path& folder,
                       const nlohmann::ordered_json& environment);

}  // namespace ate
