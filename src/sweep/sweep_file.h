// A sweep file: a config, and the points at which it is trained. No LibTorch.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "config/config.h"
#include "config/resolve.h"
#include "sweep/slurm.h"

namespace ate {

// One choice of settings over the sweep's config.
using SweepPoint = std::vector<ArmSetting>;

struct Sweep {
  std::string file;
  std::string name;                // the file's "name", else its stem
  nlohmann::ordered_json config;   // the file without what makes it a sweep
  std::vector<std::string> paths;  // that points set, in the file's order
  std::vector<SweepPoint> points;  // grid x list x random draws, the random draws fastest
  SlurmSettings slurm;             // of "slurm"
};

// Beside the settings of a config the file has one or more of
//   "grid"    {path: [values] or {"from", "to", "points", "scale"}}
//   "list"    [{path: value}]
//   "random"  {"count", "seed", "draw": {path: [values] or {"low", "high", "log"}}}
// and may have "slurm". Where there are several, their points multiply. Draw i of a path depends on (seed, path, i)
// alone, so that a larger count keeps the draws before it. Throws BadInput with every problem and its place.
Sweep read_sweep(const std::string& file);

// The config of one point. Throws BadInput that names the point.
Resolved resolve_point(const Sweep& sweep, size_t point);

// "body.width=32, optimiser.learning_rate=0.001".
std::string describe(const SweepPoint& point);

}  // namespace ate
