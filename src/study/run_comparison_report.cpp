#include <fmt/format.h>

#include <algorithm>

#include "config/settings.h"
#include "run/environment.h"
#include "study/compare.h"
#include "study/run_comparison.h"

namespace ate {
namespace {

using Json = nlohmann::ordered_json;

Table differences_table(const RunComparison& comparison) {
  Table table{"differences",
              fmt::format("The {}, mean over the seeds in both runs; right - left seed by seed, nats "
                          "(equivalence within {:.4f})",
                          metric_name(comparison.metric), comparison.margin),
              {{"comparison", "of"},
               {"n", "seeds"},
               {"mean_left", "left", 4},
               {"mean_right", "right", 4},
               {"mean_difference", "difference", 4},
               {"sd_difference", "sd", 4},
               {"ci95_low", "95 % from", 4},
               {"ci95_high", "to", 4},
               {"p_holm", "p (Holm)", 4},
               {"p_equivalence", "p (equivalence)", 4},
               {"smallest_detectable_holm", "detectable", 4},
               {"verdict", "verdict"}},
              {}};
  for (const RunDifference& d : comparison.differences)
    table.rows.push_back({d.name, d.difference.n, number_or_null(d.left), number_or_null(d.right),
                          number_or_null(d.difference.mean), number_or_null(d.difference.deviation),
                          number_or_null(d.ci95.low), number_or_null(d.ci95.high), number_or_null(d.p_holm),
                          number_or_null(d.p_equivalence), number_or_null(d.smallest_detectable_holm),
                          d.verdict});
  return table;
}

// The settings in which the runs differ, but for what a comparison takes as it comes.
std::vector<SettingDifference> settings_between(const StoredRun& left, const StoredRun& right) {
  std::vector<SettingDifference> differences = differing_settings(left.config, right.config);
  const auto incidental = [](const SettingDifference& d) {
    return d.setting == "name" || d.setting == "description" || d.setting == "study.arms" ||
           d.setting == "study.seeds" || d.setting == "study.margin";
  };
  differences.erase(std::remove_if(differences.begin(), differences.end(), incidental), differences.end());
  return differences;
}

// Which runs, and all that is known to differ between them.
std::vector<std::string> describe_runs(const StoredRun& left, const StoredRun& right,
                                       const std::vector<SettingDifference>& settings) {
  std::vector<std::string> facts = {"left:  " + left.name, "right: " + right.name};
  for (const SettingDifference& d : settings)
    facts.push_back(
        fmt::format("{}: {} on the left, {} on the right", d.setting, d.left.dump(), d.right.dump()));
  for (const std::string& difference : differences_that_round(right.environment, left.environment))
    facts.push_back("the right ran with " + difference);
  return facts;
}

Json to_json(const RunDifference& d) {
  return {{"comparison", d.name},
          {"n", d.difference.n},
          {"mean_left", number_or_null(d.left)},
          {"mean_right", number_or_null(d.right)},
          {"mean_difference", number_or_null(d.difference.mean)},
          {"sd_difference", number_or_null(d.difference.deviation)},
          {"ci95", {number_or_null(d.ci95.low), number_or_null(d.ci95.high)}},
          {"p_t", number_or_null(d.p_t)},
          {"p_sign_flip", number_or_null(d.p_sign_flip)},
          {"p_equivalence", number_or_null(d.p_equivalence)},
          {"p_holm", number_or_null(d.p_holm)},
          {"p_holm_equivalence", number_or_null(d.p_holm_equivalence)},
          {"smallest_detectable_holm", number_or_null(d.smallest_detectable_holm)},
          {"verdict", d.verdict}};
}

Json to_json(const RunComparison& comparison, const StoredRun& left, const StoredRun& right,
             const std::vector<SettingDifference>& settings) {
  Json out = {{"left", left.name},
              {"right", right.name},
              {"metric", metric_name(comparison.metric)},
              {"margin_nats", number_or_null(comparison.margin)},
              {"settings", Json::array()},
              {"comparisons", Json::array()}};
  for (const SettingDifference& d : settings)
    out["settings"].push_back({{"setting", d.setting}, {"left", d.left}, {"right", d.right}});
  for (const RunDifference& d : comparison.differences) out["comparisons"].push_back(to_json(d));
  return out;
}

IntervalPlot differences_plot(const RunComparison& comparison) {
  IntervalPlot plot;
  plot.title = fmt::format("right - left with its 95 % interval, nats (margin {:.4f})", comparison.margin);
  plot.left = "lower";
  plot.right = "higher";
  plot.margin = comparison.margin;
  for (const RunDifference& d : comparison.differences)
    plot.rows.push_back({d.name, d.difference.mean, d.ci95.low, d.ci95.high,
                         fmt::format("{:+.4f} {}", d.difference.mean, d.verdict)});
  return plot;
}

}  // namespace

Report run_comparison_report(const RunComparison& comparison, const StoredRun& left, const StoredRun& right) {
  const std::vector<SettingDifference> settings = settings_between(left, right);
  Report report;
  report.title = "The same trials of two runs";
  report.facts = describe_runs(left, right, settings);
  report.tables = {differences_table(comparison)};
  report.plot = differences_plot(comparison);
  report.document = to_json(comparison, left, right, settings);
  return report;
}

}  // namespace ate
