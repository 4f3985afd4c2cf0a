#include "study/tuning_report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "config/grid.h"
#include "config/overlays.h"
#include "study/compare.h"
#include "study/tuning.h"
#include "support/text.h"

namespace ate {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kBetter = "better";
constexpr const char* kWorse = "worse";

std::string point_verdict(const PairedTest& test) {
  if (test.difference.n < 2) return "none";
  if (test.p_t <= kLevel) return test.difference.mean < 0 ? kBetter : kWorse;
  return test.p_equivalence <= kLevel ? "equivalent" : "undecided";
}

std::string axes_of(const Tuning& tuning) {
  std::vector<std::string> paths;
  for (const TuneAxis& axis : tuning.grid) paths.push_back(axis.path);
  return fmt::format("{}", fmt::join(paths, ", "));
}

std::string where(const std::vector<ArmSetting>& set) {
  std::vector<std::string> parts;
  for (const ArmSetting& setting : set) parts.push_back(setting.path + " = " + setting.value);
  return fmt::format("{}", fmt::join(parts, ", "));
}

// Points at which an arm came out so, by their values.
std::vector<std::string> points_with(const std::vector<PointComparison>& comparisons, const std::string& arm,
                                     const std::string& verdict) {
  std::vector<std::string> points;
  for (const PointComparison& c : comparisons)
    if (c.arm == arm && c.test.verdict == verdict) points.push_back(point_name(c.set));
  return points;
}

}  // namespace

std::vector<PointComparison> compare_at_points(const Tuning& tuning, double margin) {
  std::vector<PointComparison> out;
  const TunedArm& baseline = tuning.arms.front();
  for (size_t a = 1; a < tuning.arms.size(); ++a)
    for (size_t p = 0; p < baseline.points.size(); ++p) {
      std::vector<double> differences;
      for (size_t s = 0; s < tuning.seeds.size(); ++s) {
        const double difference = tuning.arms[a].points[p].seeds[s] - baseline.points[p].seeds[s];
        if (std::isfinite(difference)) differences.push_back(difference);
      }
      PairedTest test = test_differences(differences, margin);
      test.verdict = point_verdict(test);
      out.push_back({tuning.arms[a].arm.name, baseline.points[p].set, std::move(test)});
    }
  return out;
}

std::vector<Table> tuning_tables(const Tuning& tuning, double margin) {
  const std::string metric = tuning.metric == Metric::excess ? "excess" : "loss";
  Table curves{"tuning",
               fmt::format("Tuning: {} on the tuning part over {}, seeds {}", metric, axes_of(tuning),
                           format_seeds(tuning.seeds)),
               {{"arm", "arm"},
                {"point", axes_of(tuning)},
                {"mean", metric + " (nats)", 4},
                {"ci95_half_width", "+/- 95 %", 4},
                {"diverged", "diverged"},
                {"chosen", "chosen"}},
               {},
               2};
  for (const TunedArm& arm : tuning.arms)
    for (size_t p = 0; p < arm.points.size(); ++p) {
      const TunedPoint& point = arm.points[p];
      curves.rows.push_back({arm.arm.name, point_name(point.set), number_or_null(point.loss.mean),
                             number_or_null((point.ci95.high - point.ci95.low) / 2), point.diverged,
                             p != arm.best         ? ""
                             : arm.untuned.empty() ? "yes"
                                                   : "yes, untuned"});
    }
  Table common{"common_points",
               fmt::format("Difference to {} at the same settings, tuning seeds, not adjusted",
                           tuning.arms.front().arm.name),
               {{"arm", "arm"},
                {"point", axes_of(tuning)},
                {"mean_difference", "difference", 4},
                {"ci95_low", "95 % from", 4},
                {"ci95_high", "to", 4},
                {"p_t", "p (paired t)", 4},
                {"verdict", "exploratory"}},
               {},
               2};
  for (const PointComparison& c : compare_at_points(tuning, margin))
    common.rows.push_back({c.arm, point_name(c.set), number_or_null(c.test.difference.mean),
                           number_or_null(c.test.ci95.low), number_or_null(c.test.ci95.high),
                           number_or_null(c.test.p_t), c.test.verdict});
  std::vector<Table> tables = {std::move(curves)};
  if (!common.rows.empty()) tables.push_back(std::move(common));
  return tables;
}

CurvePlot tuning_plot(const Tuning& tuning) {
  const TuneAxis& axis = tuning.grid.front();
  const std::string metric = tuning.metric == Metric::excess ? "excess loss" : "validation loss";
  CurvePlot plot;
  plot.title = fmt::format("Tuning: {} on the tuning part, mean of {}, 95 % intervals", metric,
                           counted(static_cast<int64_t>(tuning.seeds.size()), "seed"));
  plot.x_label = axis.path;
  plot.y_label = metric + ", nats";
  const bool numbers = std::all_of(axis.values.begin(), axis.values.end(),
                                   [](const std::string& v) { return Json::parse(v).is_number(); });
  if (!numbers) plot.x_names = axis.values;
  for (const TunedArm& arm : tuning.arms) {
    Curve curve{arm.arm.name, {}};
    for (size_t v = 0; v < axis.values.size(); ++v) {
      const TunedPoint* lowest = nullptr;
      for (const TunedPoint& point : arm.points)
        if (point.set.front().value == axis.values[v] &&
            (lowest == nullptr || std::isnan(lowest->loss.mean) || point.loss.mean < lowest->loss.mean))
          lowest = &point;
      if (lowest == nullptr) continue;
      const double x = numbers ? Json::parse(axis.values[v]).get<double>() : static_cast<double>(v);
      if (lowest == &arm.points[arm.best]) curve.best = curve.points.size();
      curve.points.push_back({x, lowest->loss.mean, lowest->ci95.low, lowest->ci95.high});
    }
    plot.curves.push_back(std::move(curve));
  }
  return plot;
}

std::vector<std::string> describe_tuning(const Tuning& tuning, double margin) {
  std::vector<std::string> notes;
  std::vector<std::string> chosen;
  for (const TunedArm& arm : tuning.arms)
    chosen.push_back(fmt::format("{} {}", arm.arm.name, where(arm.points[arm.best].set)));
  notes.push_back(
      fmt::format("Tuned before the test, every arm on the same {} and {}, by seeds and a part of the "
                  "validation data that the "
                  "test does not use ({}, {:.0f} s of training): {}.",
                  counted(static_cast<int64_t>(tuning.arms.front().points.size()), "point"),
                  counted(static_cast<int64_t>(tuning.seeds.size()), "seed"), counted(tuning.trials, "trial"),
                  tuning.seconds, fmt::join(chosen, "; ")));
  for (const TunedArm& arm : tuning.arms)
    if (!arm.untuned.empty())
      notes.push_back(fmt::format("{} is untuned: {}. Give other values.", arm.arm.name, arm.untuned));
  const std::vector<PointComparison> comparisons = compare_at_points(tuning, margin);
  for (size_t a = 1; a < tuning.arms.size(); ++a) {
    const std::string& name = tuning.arms[a].arm.name;
    const std::vector<std::string> better = points_with(comparisons, name, kBetter);
    const std::vector<std::string> worse = points_with(comparisons, name, kWorse);
    if (better.empty() || worse.empty()) continue;
    notes.push_back(fmt::format(
        "The verdict on {} depends on {}: at the same value for both, {} is better at {} and worse at {}.",
        name, axes_of(tuning), name, fmt::join(better, "; "), fmt::join(worse, "; ")));
  }
  return notes;
}

Json to_json(const Tuning& tuning, double margin) {
  Json arms = Json::array();
  for (const TunedArm& arm : tuning.arms) {
    Json points = Json::array();
    for (const TunedPoint& point : arm.points) {
      Json seeds = Json::array();
      for (const double value : point.seeds) seeds.push_back(number_or_null(value));
      points.push_back({{"set", settings_to_json(point.set)},
                        {"mean", number_or_null(point.loss.mean)},
                        {"sd", number_or_null(point.loss.deviation)},
                        {"ci95", {number_or_null(point.ci95.low), number_or_null(point.ci95.high)}},
                        {"diverged", point.diverged},
                        {"seeds", std::move(seeds)}});
    }
    arms.push_back({{"arm", arm.arm.name},
                    {"chosen", settings_to_json(arm.points[arm.best].set)},
                    {"untuned", arm.untuned},
                    {"points", std::move(points)}});
  }
  Json common = Json::array();
  for (const PointComparison& c : compare_at_points(tuning, margin)) {
    Json entry = {{"arm", c.arm}, {"set", settings_to_json(c.set)}};
    entry["n"] = c.test.difference.n;
    entry["mean_difference"] = number_or_null(c.test.difference.mean);
    entry["ci95"] = {number_or_null(c.test.ci95.low), number_or_null(c.test.ci95.high)};
    entry["p_t"] = number_or_null(c.test.p_t);
    entry["verdict"] = c.test.verdict;
    common.push_back(std::move(entry));
  }
  return {{"grid", axes_to_json(tuning.grid)},
          {"seeds", format_seeds(tuning.seeds)},
          {"metric", metric_name(tuning.metric)},
          {"trials", tuning.trials},
          {"seconds", tuning.seconds},
          {"arms", std::move(arms)},
          {"common_points", std::move(common)}};
}

}  // namespace ate
