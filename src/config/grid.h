// The grid over which arms are tuned: its points, and the arms at them. No LibTorch.
#pragma once

#include <string>
#include <vector>

#include "config/config.h"

namespace ate {

// All points of the axes, the last axis fastest: each a value per axis.
std::vector<std::vector<ArmSetting>> grid_points(const TuneAxes& axes);

// "0.003", or "0.003, 64" of several axes.
std::string point_name(const std::vector<ArmSetting>& point);

// The arm at a point, as it trains to be tuned: scored on the tuning part.
Arm tuning_arm(const Arm& arm, const std::vector<ArmSetting>& point);

// Every arm of the study at every point of these axes, the points of an arm side by side.
std::vector<Arm> tuning_arms(const Config& study, const TuneAxes& axes);

}  // namespace ate
