// What a study set out to do, hashed and stored before its first step, so that a reader sees what was decided
// beforehand and what later. No LibTorch.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "study/result.h"

namespace ate {

// Arms (the first is the baseline), seeds, metric, margin, epochs and the seeds that a verdict takes, with a
// hash of these.
nlohmann::ordered_json plan_of(const Config& config);

// plan.json: {"requests": [the plan, then every later request that differs], "extended": whether one of them
// added seeds or arms}. `stored` is what stands there so far, null for nothing.
nlohmann::ordered_json with_request(nlohmann::ordered_json stored, const Config& config);

// Where `config` departs from the first request of `stored`, a clause each.
PlanRecord compare_with_plan(const nlohmann::ordered_json& stored, const Config& config);

}  // namespace ate
