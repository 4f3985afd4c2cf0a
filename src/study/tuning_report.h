// What tuning found, as tables, sentences, a picture and JSON. No LibTorch.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "report/table.h"
#include "study/result.h"

namespace ate {

// An arm against the baseline at one point of the grid, over the tuning seeds: exploratory, not adjusted.
struct PointComparison {
  std::string arm;
  std::vector<ArmSetting> set;
  PairedTest test;  // its verdict by p_t and p_equivalence alone
};
std::vector<PointComparison> compare_at_points(const Tuning& tuning, double margin);

// Every arm at every point, and every arm against the baseline there.
std::vector<Table> tuning_tables(const Tuning& tuning, double margin);

// A curve for each arm over the first axis; of further axes, each point is the best over them.
CurvePlot tuning_plot(const Tuning& tuning);

// What was chosen, what is not tuned, and whether the verdict turns with the settings.
std::vector<std::string> describe_tuning(const Tuning& tuning, double margin);

nlohmann::ordered_json to_json(const Tuning& tuning, double margin);

}  // namespace ate
