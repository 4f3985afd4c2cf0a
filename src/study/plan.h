// What a study set out to do, hashed and stored before its first step, so that a reader sees what was decided
// beforehand and what later. No LibTorch.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>

#include "study/result.h"

namespace ate {

// Arms (the first is the baseline), seeds, metric, margin, epochs and the seeds that a verdict takes, with a
// hash of these.
nlohmann::ordered_json plan_of(const Config& config);

// plan.json: {"requests": [the plan, then every later request that differs], "extended": whether one of them
// added seeds or arms, "lost": true where trials had begun when there was no plan}. `stored` is what it holds so far,
// null for nothing. A key that is missing there is put back where the hash proves what it was. Throws Failure, with
// `file` and the place, for a value of another type.
nlohmann::ordered_json with_request(const nlohmann::ordered_json& stored, const Config& config,
                                    const std::string& file, bool begun);

// The order in which seeds came into the study, how many of them its first request had, and its looks: those of the
// plan, so that a look that is added later is none.
SeedPlan seeds_of_plan(const nlohmann::ordered_json& stored, const Config& config);

// What tuning chose, as plan.json keeps it (frozen_tuning in study/tuning.h), null for nothing. Plans from before an arm's
// "own" was kept get it from the first request that has the arm. Throws Failure, with `file` and the place, where none has.
nlohmann::ordered_json tuned_of_plan(const nlohmann::ordered_json& stored, const std::string& file);

// Where `config` departs from the first request of `stored`, a clause each, and what was altered in the file. Seeds
// that come in for a look of that request are no departure.
PlanRecord compare_with_plan(const nlohmann::ordered_json& stored, const Config& config,
                             const std::string& file);

}  // namespace ate
