#include "study/tuning.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "config/check_study.h"
#include "config/grid.h"
#include "config/overlays.h"
#include "study/finished.h"
#include "study/settle.h"
#include "support/json.h"

namespace ate {
namespace {

using Json = nlohmann::ordered_json;

std::vector<double> numbers_of(const TuneAxis& axis) {
  std::vector<double> numbers;
  for (const std::string& text : axis.values) {
    const Json value = Json::parse(text);
    if (!value.is_number()) return {};
    numbers.push_back(value.get<double>());
  }
  return numbers;
}

// Whether the reader takes the value for this setting.
bool is_allowed(const std::string& path, const Json& value) {
  Config scratch;
  std::vector<Problem> problems;
  apply_setting(scratch, path, value, problems);
  return problems.empty();
}

// The next values beyond the first (low) or the last one, the better first: at the ratio of the two at that end, and at
// their distance. Whole numbers stay whole. None for values that are no numbers.
std::vector<Json> next_values(const TuneAxis& axis, bool low) {
  std::vector<double> numbers = numbers_of(axis);
  if (numbers.size() < 2) return {};
  if (low) std::reverse(numbers.begin(), numbers.end());
  const double last = numbers.back();
  const double before = numbers[numbers.size() - 2];
  const bool whole = std::all_of(axis.values.begin(), axis.values.end(), [](const std::string& text) {
    return Json::parse(text).is_number_integer();
  });
  std::vector<double> candidates = {last + (last - before)};
  if (last > 0 && before > 0) candidates.insert(candidates.begin(), last * (last / before));
  std::vector<Json> values;
  for (const double candidate : candidates) {
    const double rounded = std::strtod(fmt::format("{:.4g}", candidate).c_str(), nullptr);
    // The nearest whole number, one further at least.
    const double next = !whole ? rounded
                        : low  ? std::min(std::round(rounded), last - 1)
                               : std::max(std::round(rounded), last + 1);
    if (next == last) continue;
    values.push_back(whole ? Json(static_cast<int64_t>(next)) : Json(next));
  }
  return values;
}

// Whether a step's operations do not depend on the setting.
bool costs_nothing(const std::string& path) {
  const std::string section = path.substr(0, path.find('.'));
  return (section == "optimiser" && path != "optimiser.accumulate") || section == "schedule" ||
         path == "body.dropout";
}

// What is beyond an end of an axis.
struct Beyond {
  std::optional<std::string> value;  // that the grid can grow by
  std::string why_not;               // why there is none though the setting's range goes on; "" where it ends
};

// The ends of an axis that have grown so far.
struct Growth {
  int64_t low = 0;
  int64_t high = 0;
};

class Tuner {
  static constexpr int kMostCost = 4;

 public:
  Tuner(const Config& study, const std::function<Arm(Arm)>& settle, const TrainTrials& train)
      : study_(study), settle_(settle), train_(train), growth_(study.study.tune.axes.size()) {
    tuning_.grid = study.study.tune.axes;
    tuning_.seeds = study.study.tune.seeds;
    for (const Arm& arm : study.study.arms) tuning_.arms.push_back({arm});
  }

  // Goes on from a grid that had grown already.
  void start_from(const TuneAxes& grid) {
    for (size_t i = 0; i < growth_.size(); ++i) {
      const std::vector<std::string>& asked = tuning_.grid[i].values;
      const std::vector<std::string>& grown = grid[i].values;
      const auto first = std::find(grown.begin(), grown.end(), asked.front());
      growth_[i].low = first - grown.begin();
      growth_[i].high = static_cast<int64_t>(grown.size() - asked.size()) - growth_[i].low;
    }
    tuning_.grid = grid;
  }

  Tuning run(const std::vector<bool>& frozen) {
    do measure();
    while (grow(frozen));
    for (size_t i = 0; i < tuning_.arms.size(); ++i) tuning_.arms[i].untuned = why_untuned(tuning_.arms[i]);
    return std::move(tuning_);
  }

 private:
  void measure() {
    const std::vector<std::vector<ArmSetting>> points = grid_points(tuning_.grid);
    std::vector<Arm> arms = tuning_arms(study_, tuning_.grid);
    std::transform(arms.begin(), arms.end(), arms.begin(), settle_);
    std::vector<TrialId> trials;
    for (const int64_t seed : tuning_.seeds)
      for (const Arm& arm : arms) trials.push_back({arm, seed});
    const std::vector<TrialRecord> records = train_(trials);
    tuning_.trials = static_cast<int64_t>(records.size());
    tuning_.seconds = 0;
    for (const TrialRecord& record : records) tuning_.seconds += record.seconds;
    tuning_.metric = metric_of(records);
    for (size_t a = 0; a < tuning_.arms.size(); ++a) {
      tuning_.arms[a].points.clear();
      for (size_t p = 0; p < points.size(); ++p) {
        TunedPoint point{points[p], {}, {}, 0, {}};
        std::vector<double> finite;
        for (size_t s = 0; s < tuning_.seeds.size(); ++s) {
          const TrialRecord& record = records[s * arms.size() + a * points.size() + p];
          const bool ended = finished(record);
          point.seeds.push_back(ended ? primary_number(last_evaluation(record), tuning_.metric)
                                      : std::nan(""));
          if (ended) finite.push_back(point.seeds.back());
          if (!ended) ++point.diverged;
        }
        point.loss = summarise(finite);
        point.ci95 = t_interval(point.loss, 0.95);
        tuning_.arms[a].points.push_back(std::move(point));
      }
      tuning_.arms[a].best = best_of(tuning_.arms[a].points);
    }
  }

  // A point at which a seed diverged is no choice while there is another.
  static size_t best_of(const std::vector<TunedPoint>& points) {
    const auto rank = [](const TunedPoint& point) {
      return std::pair(point.diverged, std::isnan(point.loss.mean) ? std::numeric_limits<double>::infinity()
                                                                   : point.loss.mean);
    };
    return static_cast<size_t>(
        std::min_element(points.begin(), points.end(),
                         [&](const TunedPoint& a, const TunedPoint& b) { return rank(a) < rank(b); }) -
        points.begin());
  }

  // Whether the arm does best at that end of the axis.
  bool best_at_end(const TunedArm& arm, size_t axis, bool low) const {
    const std::vector<std::string>& values = tuning_.grid[axis].values;
    return arm.points[arm.best].set[axis].value == (low ? values.front() : values.back());
  }

  // Adds a value at each end where an arm that is not frozen does best, while it may. Whether any was added.
  bool grow(const std::vector<bool>& frozen) {
    bool grew = false;
    for (size_t axis = 0; axis < growth_.size(); ++axis)
      for (const bool low : {true, false}) {
        int64_t& grown = low ? growth_[axis].low : growth_[axis].high;
        bool wanted = false;
        for (size_t i = 0; i < tuning_.arms.size(); ++i)
          wanted |= !frozen[i] && best_at_end(tuning_.arms[i], axis, low);
        if (!wanted || grown >= study_.study.tune.grow) continue;
        const Beyond next = beyond(axis, low);
        if (!next.value) continue;
        std::vector<std::string>& values = tuning_.grid[axis].values;
        values.insert(low ? values.begin() : values.end(), *next.value);
        ++grown;
        grew = true;
      }
    return grew;
  }

  // An end of a grid is an optimum only where the setting's own range ends there, or its values have no order.
  std::string why_untuned(const TunedArm& arm) {
    if (arm.points[arm.best].diverged > 0) return "at no point of the grid did every tuning seed finish";
    for (size_t axis = 0; axis < tuning_.grid.size(); ++axis)
      for (const bool low : {true, false}) {
        if (!best_at_end(arm, axis, low)) continue;
        const Beyond next = beyond(axis, low);
        if (!next.value && next.why_not.empty()) continue;
        return fmt::format("it does best at {} = {}, the {} end of the grid{}", tuning_.grid[axis].path,
                           arm.points[arm.best].set[axis].value, low ? "lower" : "upper",
                           next.why_not.empty() ? ", which has grown as often as study.tune.grow allows"
                                                : ", which cannot grow: " + next.why_not);
      }
    return "";
  }

  // What the grid can grow by: a value with which every arm can train at all points of the other axes, in steps of at most
  // kMostCost times the operations of the dearest that were asked for.
  Beyond beyond(size_t axis, bool low) {
    Beyond out;
    for (const Json& value : next_values(tuning_.grid[axis], low)) {
      if (!is_allowed(tuning_.grid[axis].path, value)) continue;
      TuneAxes grown = tuning_.grid;
      grown[axis].values = {value.dump()};
      if (const std::optional<PointProblem> problem = point_problem(study_, grown)) {
        if (out.why_not.empty()) out.why_not = problem->what;
        continue;
      }
      if (!costs_nothing(grown[axis].path) && dearest_step(grown) > kMostCost * dearest_asked_step()) {
        if (out.why_not.empty())
          out.why_not =
              fmt::format("a step at {} takes more than {} times the operations of any that was asked for",
                          value.dump(), kMostCost);
        continue;
      }
      return {value.dump(), ""};
    }
    return out;
  }

  // The operations of the dearest step of all arms at these points.
  double dearest_step(const TuneAxes& axes) const {
    double most = 0;
    for (const Arm& arm : tuning_arms(study_, axes))
      most = std::max(most, flops_per_step(study_, arm, cost_seed(study_)));
    return most;
  }

  // Counted once, and only where an axis changes what a step costs.
  double dearest_asked_step() {
    if (!dearest_asked_step_) dearest_asked_step_ = dearest_step(study_.study.tune.axes);
    return *dearest_asked_step_;
  }

  const Config& study_;
  const std::function<Arm(Arm)>& settle_;
  const TrainTrials& train_;
  std::vector<Growth> growth_;  // of each axis
  std::optional<double> dearest_asked_step_;
  Tuning tuning_;
};

}  // namespace

Tuning tune(const Config& study, const std::function<Arm(Arm)>& settle, const Json& frozen,
            const std::string& file, const TrainTrials& train) {
  Tuner tuner(study, settle, train);
  std::vector<bool> known(study.study.arms.size(), false);
  std::vector<std::vector<ArmSetting>> chosen(known.size());
  std::vector<std::string> untuned(known.size());
  if (!frozen.is_null()) {
    const JsonValue stored(frozen, file, "/tuned");
    TuneAxes grid;
    std::vector<Problem> problems;
    read_axes(stored.at("grid").json(), file + ": /tuned/grid", grid, problems);
    if (!problems.empty() || grid.size() != study.study.tune.axes.size())
      stored.at("grid").expected("the axes of study.tune");
    tuner.start_from(grid);
    for (const JsonValue& entry : stored.at("arms").items())
      for (size_t i = 0; i < known.size(); ++i) {
        const Arm& arm = study.study.arms[i];
        // An arm of that name that sets something else is another arm.
        if (entry.at("arm").text() != arm.name || entry.at("own").json() != settings_to_json(arm.set))
          continue;
        known[i] = true;
        untuned[i] = entry.at("untuned").text();
        for (const auto& [path, value] : entry.at("set").members())
          chosen[i].push_back({path, value.json().dump()});
      }
  }
  Tuning tuning = tuner.run(known);
  for (size_t i = 0; i < known.size(); ++i) {
    if (!known[i]) continue;
    TunedArm& arm = tuning.arms[i];
    const auto point = std::find_if(arm.points.begin(), arm.points.end(),
                                    [&](const TunedPoint& p) { return p.set == chosen[i]; });
    if (point == arm.points.end())
      throw Failure(file, fmt::format("/tuned/arms: {} is not at a point of the grid", arm.arm.name));
    arm.best = static_cast<size_t>(point - arm.points.begin());
    arm.untuned = untuned[i];
  }
  return tuning;
}

Json frozen_tuning(const Tuning& tuning, const Json& before) {
  Json arms = Json::array();
  for (const TunedArm& arm : tuning.arms)
    arms.push_back({{"arm", arm.arm.name},
                    {"own", settings_to_json(arm.arm.set)},
                    {"set", settings_to_json(arm.points[arm.best].set)},
                    {"untuned", arm.untuned}});
  if (before.is_object())
    for (const Json& other : before.value("arms", Json::array()))
      if (std::none_of(tuning.arms.begin(), tuning.arms.end(), [&](const TunedArm& arm) {
            return other.is_object() && other.value("arm", Json()) == arm.arm.name;
          }))
        arms.push_back(other);
  return {{"grid", axes_to_json(tuning.grid)}, {"arms", std::move(arms)}};
}

}  // namespace ate
