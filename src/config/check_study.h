// Problems of what a study compares: its arms and its tuning. `where` is a JSON pointer.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "support/error.h"

namespace ate {

// Of the arms that set something: by the config of each, and what one of them may not set beside the others.
std::vector<Problem> check_arms(const Config& study);

// Of the tuning, each arm at each point of the grid included; the arms themselves have been checked.
std::vector<Problem> check_tuning(const Config& study);

// Why an arm of the study cannot train at a point of a grid.
struct PointProblem {
  std::string path;  // of the axis that is to blame, one of several where that is not known
  std::string what;  // a clause that names arm and point
};
// The first that there is among the points of these axes.
std::optional<PointProblem> point_problem(const Config& study, const TuneAxes& axes);

}  // namespace ate
