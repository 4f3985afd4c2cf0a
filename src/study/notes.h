// What can be said about a study, a sentence or two each. No LibTorch.
#pragma once

#include "study/result.h"

namespace ate {

// From everything else that `result` holds.
std::vector<std::string> write_notes(const StudyResult& result);

// Where the run departed from its plan; nothing when it did not.
std::optional<std::string> describe_departures(const PlanRecord& plan);

}  // namespace ate
