#include "config/grid.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace ate {

std::vector<std::vector<ArmSetting>> grid_points(const TuneAxes& axes) {
  std::vector<std::vector<ArmSetting>> points = {{}};
  for (const TuneAxis& axis : axes) {
    std::vector<std::vector<ArmSetting>> longer;
    for (const std::vector<ArmSetting>& point : points)
      for (const std::string& value : axis.values) {
        longer.push_back(point);
        longer.back().push_back({axis.path, value});
      }
    points = std::move(longer);
  }
  return points;
}

std::string point_name(const std::vector<ArmSetting>& point) {
  std::vector<std::string> values;
  for (const ArmSetting& setting : point) values.push_back(setting.value);
  return fmt::format("{}", fmt::join(values, ", "));
}

Arm tuning_arm(const Arm& arm, const std::vector<ArmSetting>& point) {
  Arm tuned = arm;
  tuned.set.insert(tuned.set.end(), point.begin(), point.end());
  tuned.set.push_back({"evaluation.part", "\"tune\""});
  tuned.variant = point_name(point);
  return tuned;
}

std::vector<Arm> tuning_arms(const Config& study, const TuneAxes& axes) {
  const std::vector<std::vector<ArmSetting>> points = grid_points(axes);
  std::vector<Arm> arms;
  for (const Arm& arm : study.study.arms)
    for (const std::vector<ArmSetting>& point : points) arms.push_back(tuning_arm(arm, point));
  return arms;
}

}  // namespace ate
