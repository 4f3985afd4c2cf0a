// Tuning: every arm trains on the same grid of settings, from the same seeds, scored on the part of the validation data
// that is for it; where an arm does best at an end of the grid, the grid grows for all. What is chosen is frozen in
// plan.json before a test seed is touched. No LibTorch.
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "study/result.h"

namespace ate {

// Trains these trials to their end and gives their records, in that order.
using TrainTrials = std::function<std::vector<TrialRecord>(const std::vector<TrialId>&)>;

// Tunes the arms of the study. `settle` gives an arm what it needs before it trains. `frozen`: what an earlier process
// had chosen, null for nothing: its arms keep it, its grid is where others begin.
Tuning tune(const Config& study, const std::function<Arm(Arm)>& settle, const nlohmann::ordered_json& frozen,
            const std::string& file, const TrainTrials& train);

// What plan.json keeps of it: {"grid": axes, "arms": [{"arm", "own", "set", "untuned"}]}, "own" being what the arm sets by
// itself, and of `before`, what it kept until now, the arms of other names.
nlohmann::ordered_json frozen_tuning(const Tuning& tuning, const nlohmann::ordered_json& before);

}  // namespace ate
