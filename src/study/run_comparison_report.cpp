#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "config/overlays.h"
#include "config/settings.h"
#include "study/finished.h"
#include "study/run_comparison.h"

namespace ate {
namespace {

using Json = nlohmann::ordered_json;

// " (margin 0.0355)"; nothing where there is none.
std::string in_brackets(const char* what, double margin) {
  return std::isfinite(margin) && margin > 0 ? fmt::format(" ({} {:.4f})", what, margin) : "";
}

Table differences_table(const RunComparison& comparison) {
  Table table{
      "differences",
      fmt::format("The {}, mean over the seeds in both runs; right - left seed by seed, nats{}",
                  metric_name(comparison.metric), in_brackets("equivalence within", comparison.margin)),
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

// What is said of one thing on both sides.
struct Sides {
  std::string name;
  Json left, right;
};

// What ran the two, where that differs; null for what a run does not say.
std::vector<Sides> environments_between(const StoredRun& left, const StoredRun& right) {
  const auto value = [](const Json& environment, const char* name) {
    return environment.is_object() && environment.contains(name) ? environment[name] : Json(nullptr);
  };
  std::vector<Sides> out;
  for (const char* name :
       {"ate", "commit", "compiler", "libtorch", "processor", "instructions", "products", "device"}) {
    const Sides sides = {name, value(left.environment, name), value(right.environment, name)};
    if (sides.left != sides.right) out.push_back(sides);
  }
  return out;
}

// Everything known to differ between the runs: settings first.
std::vector<Sides> differences_between(const StoredRun& left, const StoredRun& right) {
  std::vector<Sides> out;
  for (const SettingDifference& d : settings_between(left, right))
    out.push_back({d.setting, d.left, d.right});
  for (const Sides& sides : environments_between(left, right)) out.push_back(sides);
  return out;
}

// "nothing", or "body.width=96, optimiser.learning_rate=0.001".
std::string set_text(const std::vector<ArmSetting>& set) {
  std::vector<std::string> settings;
  for (const ArmSetting& setting : set) settings.push_back(setting.path + "=" + setting.value);
  return settings.empty() ? "nothing" : fmt::format("{}", fmt::join(settings, ", "));
}

std::vector<std::string> describe_runs(const RunComparison& comparison, const StoredRun& left,
                                       const StoredRun& right) {
  std::vector<std::string> facts = {"left:  " + left.name, "right: " + right.name};
  if (left.epoch > 0) facts.push_back(fmt::format("after epoch {}", left.epoch));
  const auto shown = [](const Json& value) { return value.is_null() ? "not recorded" : value.dump(); };
  for (const Sides& d : differences_between(left, right))
    facts.push_back(
        fmt::format("{}: {} on the left, {} on the right", d.name, shown(d.left), shown(d.right)));
  for (const ArmSides& arm : comparison.arms)
    facts.push_back(fmt::format("arm {} sets {} on the left, {} on the right", arm.name, set_text(arm.left),
                                set_text(arm.right)));
  return facts;
}

// Trials that are there and did not count, and canaries that failed.
std::vector<std::string> describe_gaps(const StoredRun& run, const char* side) {
  std::vector<std::string> notes;
  for (const TrialRecord& trial : run.result.trials) {
    if (finished(trial)) continue;
    const Progress& p = trial.progress;
    const std::string reason = p.reason.empty() ? "" : ": " + p.reason;
    notes.push_back(fmt::format(
        "Left out, on the {}: {}, {}{}.", side, trial.id.text(),
        p.status == TrainingStatus::running ? "which has not got there" : "which diverged", reason));
  }
  for (const Canary& canary : run.result.canaries)
    if (!canary.passed)
      notes.push_back(fmt::format("On the {} the canary {} failed: {}.", side, canary.name, canary.detail));
  return notes;
}

Json to_json(const RunDifference& d) {
  Json out = {
      {"comparison", d.name}, {"mean_left", number_or_null(d.left)}, {"mean_right", number_or_null(d.right)}};
  add_numbers(out, d);
  out["verdict"] = d.verdict;
  return out;
}

Json to_json(const std::vector<Sides>& differences) {
  Json out = Json::array();
  for (const Sides& d : differences) out.push_back({{"name", d.name}, {"left", d.left}, {"right", d.right}});
  return out;
}

Json to_json(const std::vector<SettingDifference>& differences) {
  Json out = Json::array();
  for (const SettingDifference& d : differences)
    out.push_back({{"setting", d.setting}, {"left", d.left}, {"right", d.right}});
  return out;
}

Json to_json(const std::vector<ArmSides>& arms) {
  Json out = Json::array();
  for (const ArmSides& arm : arms)
    out.push_back(
        {{"arm", arm.name}, {"left", settings_to_json(arm.left)}, {"right", settings_to_json(arm.right)}});
  return out;
}

Json left_out(const StoredRun& run) {
  Json out = Json::array();
  for (const TrialRecord& trial : run.result.trials)
    if (!finished(trial))
      out.push_back({{"arm", trial.id.arm_name()},
                     {"seed", trial.id.seed},
                     {"status", status_name(trial.progress.status)},
                     {"reason", trial.progress.reason}});
  return out;
}

Json to_json(const RunComparison& comparison, const StoredRun& left, const StoredRun& right) {
  Json comparisons = Json::array();
  for (const RunDifference& d : comparison.differences) comparisons.push_back(to_json(d));
  return {{"left", left.name},
          {"right", right.name},
          {"epoch", left.epoch > 0 ? Json(left.epoch) : Json(nullptr)},
          {"metric", metric_name(comparison.metric)},
          {"margin_nats", number_or_null(comparison.margin)},
          {"settings", to_json(settings_between(left, right))},
          {"arms", to_json(comparison.arms)},
          {"environment", to_json(environments_between(left, right))},
          {"comparisons", std::move(comparisons)},
          {"left_out", {{"left", left_out(left)}, {"right", left_out(right)}}}};
}

IntervalPlot differences_plot(const RunComparison& comparison) {
  IntervalPlot plot;
  plot.title = "right - left with its 95 % interval, nats" + in_brackets("margin", comparison.margin);
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
  Report report;
  report.title = "The same trials of two runs";
  report.facts = describe_runs(comparison, left, right);
  report.tables = {differences_table(comparison)};
  report.plot = differences_plot(comparison);
  report.notes = describe_gaps(left, "left");
  for (std::string& note : describe_gaps(right, "right")) report.notes.push_back(std::move(note));
  report.document = to_json(comparison, left, right);
  return report;
}

}  // namespace ate
