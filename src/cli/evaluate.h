// The config that a stored model is evaluated with.
#pragma once

#include <string>

#include "cli/experiment_flags.h"
#include "study/single_model.h"

namespace ate {

// That of the checkpoint's run with the user's flags above it, or the config given in its place. Throws BadInput for
// every flag that an evaluation cannot honour, with the reason: what was trained stays what it is.
Resolved evaluated_config(const ExperimentFlags& flags, const StoredModel& stored,
                          const std::string& address);

}  // namespace ate
