#include "sweep/verdicts.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "report/palette.h"
#include "support/text.h"
#include "sweep/rows.h"

namespace ate {
namespace {

using Json = nlohmann::ordered_json;
namespace fs = std::filesystem;

constexpr size_t kMostPanels = 16;

// An arm against the baseline in one job.
struct SweptComparison {
  std::string arm, baseline, verdict;
  int64_t n = 0;
  double difference = NAN, low = NAN, high = NAN;
  Json p_holm;
};

struct SweptJob {
  ListedJob job;
  JobReport run;
  std::vector<SweptComparison> comparisons;
};

double number_of(const Json& value) { return value.is_number() ? value.get<double>() : NAN; }
std::string word_of(const Json& value) { return value.is_string() ? value.get<std::string>() : ""; }

std::vector<SweptJob> swept_jobs(const fs::path& out) {
  std::vector<SweptJob> jobs;
  for (const ListedJob& job : read_listings(out)) {
    SweptJob& swept = jobs.emplace_back(SweptJob{job, report_job(out, job), {}});
    for (const std::string& arm : job.arms)
      if (const Json* const row = find_row(swept.run.result, "comparisons", "arm", arm))
        swept.comparisons.push_back(
            {arm, word_of(value_of(row, "baseline")), word_of(value_of(row, "verdict")),
             value_of(row, "n").is_number() ? value_of(row, "n").get<int64_t>() : 0,
             number_of(value_of(row, "mean_difference")), number_of(value_of(row, "ci95", 0)),
             number_of(value_of(row, "ci95", 1)), value_of(row, "p_holm")});
  }
  return jobs;
}

std::vector<std::string> paths_in(const std::vector<SweptJob>& jobs) {
  std::vector<ListedJob> listed;
  for (const SweptJob& swept : jobs) listed.push_back(swept.job);
  return paths_of(listed);
}

// The arms that some job compares, in the order in which they first come; the arms of unfinished jobs but the first too.
std::vector<std::string> compared_arms(const std::vector<SweptJob>& jobs) {
  std::vector<std::string> arms;
  for (const SweptJob& swept : jobs)
    for (size_t i = 1; i < swept.job.arms.size(); ++i)
      if (std::find(arms.begin(), arms.end(), swept.job.arms[i]) == arms.end())
        arms.push_back(swept.job.arms[i]);
  return arms;
}

const SweptComparison* comparison_of(const SweptJob& swept, const std::string& arm) {
  for (const SweptComparison& c : swept.comparisons)
    if (c.arm == arm) return &c;
  return nullptr;
}

Table matrix_of(const std::vector<SweptJob>& jobs) {
  Table table{"verdicts", "Difference to the baseline, nats, and verdict, by what the job sets", {}, {}};
  const std::vector<std::string> paths = paths_in(jobs);
  const std::vector<std::string> arms = compared_arms(jobs);
  add_settings(table, paths);
  table.keys = std::max<size_t>(1, paths.size());
  table.columns.push_back({"baseline", "baseline"});
  for (const std::string& arm : arms) table.columns.push_back({arm, arm});
  for (const SweptJob& swept : jobs) {
    std::vector<Json> row;
    add_setting_cells(row, paths, swept.job.set);
    row.emplace_back(swept.job.arms.empty() ? "" : swept.job.arms.front());
    for (const std::string& arm : arms) {
      const SweptComparison* const c = comparison_of(swept, arm);
      if (c != nullptr)
        row.emplace_back(std::isfinite(c->difference) ? fmt::format("{:+.4f} {}", c->difference, c->verdict)
                                                      : c->verdict);
      else if (swept.run.result.is_null())
        row.emplace_back(state_name(swept.run.state));
      else
        row.emplace_back(nullptr);
    }
    table.rows.push_back(std::move(row));
  }
  return table;
}

Table comparisons_of(const std::vector<SweptJob>& jobs) {
  Table table{"comparisons", "Every comparison", {{"job", "job"}}, {}};
  const std::vector<std::string> paths = paths_in(jobs);
  add_settings(table, paths);
  for (const Column& column : std::vector<Column>{{"arm", "arm"},
                                                  {"baseline", "baseline"},
                                                  {"n", "seeds"},
                                                  {"mean_difference", "difference (nats)", 5},
                                                  {"ci95_low", "95 % from", 5},
                                                  {"ci95_high", "to", 5},
                                                  {"p_holm", "p (Holm)", 4},
                                                  {"verdict", "verdict"}})
    table.columns.push_back(column);
  for (const SweptJob& swept : jobs)
    for (const SweptComparison& c : swept.comparisons) {
      std::vector<Json> row = {swept.job.id};
      add_setting_cells(row, paths, swept.job.set);
      row.insert(row.end(), {c.arm, c.baseline, c.n, number_or_null(c.difference), number_or_null(c.low),
                             number_or_null(c.high), c.p_holm, c.verdict});
      table.rows.push_back(std::move(row));
    }
  return table;
}

// "body.width" as "width".
std::string last_part(const std::string& path) { return path.substr(path.rfind('.') + 1); }

std::string shown_value(const Json& value) {
  return value.is_string() ? value.get<std::string>() : value.is_null() ? "unset" : value.dump();
}

// The first setting that has two numbers or more and nothing else; "" where there is none.
std::string numeric_axis(const std::vector<SweptJob>& jobs) {
  for (const std::string& path : paths_in(jobs)) {
    std::set<double> values;
    bool numeric = true;
    for (const SweptJob& swept : jobs) {
      const Json value = setting_cell(swept.job.set, path);
      numeric = numeric && value.is_number();
      if (value.is_number()) values.insert(value.get<double>());
    }
    if (numeric && values.size() > 1) return path;
  }
  return "";
}

// The settings that differ between the jobs, but for the axis: "rate 0.001, layers 2".
std::string panel_name(const std::vector<SweptJob>& jobs, const SweptJob& swept, const std::string& axis) {
  std::vector<std::string> parts;
  for (const std::string& path : paths_in(jobs)) {
    const Json value = setting_cell(swept.job.set, path);
    const bool differs = std::any_of(jobs.begin(), jobs.end(), [&](const SweptJob& other) {
      return setting_cell(other.job.set, path) != value;
    });
    if (path != axis && differs) parts.push_back(last_part(path) + " " + shown_value(value));
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

// Differences over the axis: a colour for each arm, a panel for what else the jobs set. None where panels are too many.
CurvePlot differences_over(const std::vector<SweptJob>& jobs, const std::string& axis) {
  CurvePlot plot;
  plot.title = "Difference to the baseline over " + last_part(axis) + ", 95 % intervals";
  plot.x_label = axis;
  plot.y_label = "nats, below 0 is better";
  plot.floor = 0;
  plot.floor_label = "baseline";
  const std::vector<std::string> arms = compared_arms(jobs);
  double least = INFINITY;
  double most = 0;
  std::set<std::string> panels;
  for (const SweptJob& swept : jobs)
    for (const SweptComparison& c : swept.comparisons) {
      const std::string panel = panel_name(jobs, swept, axis);
      const auto colour = static_cast<size_t>(std::find(arms.begin(), arms.end(), c.arm) - arms.begin()) +
                          1;  // the first is the baseline's
      auto curve = std::find_if(plot.curves.begin(), plot.curves.end(), [&](const Curve& known) {
        return known.panel == panel && known.name == c.arm;
      });
      if (curve == plot.curves.end()) {
        plot.curves.push_back({c.arm, {}, {}, {}, true, panel});
        if (arms.size() < curve_colours()) plot.curves.back().colour = colour;
        curve = plot.curves.end() - 1;
      }
      const double x = setting_cell(swept.job.set, axis).get<double>();
      curve->points.push_back({x, c.difference, c.low, c.high});
      least = std::min(least, x);
      most = std::max(most, x);
      panels.insert(panel);
    }
  plot.log_x = least > 0 && most / least >= 8;
  if (panels.size() > kMostPanels) plot.curves.clear();
  return plot;
}

// "of 8 comparisons: better 3, undecided 5".
std::string lead_of_sweep(const std::vector<SweptJob>& jobs) {
  std::map<std::string, std::map<std::string, int64_t>> counts;  // verdict, arm
  size_t ended = 0;
  for (const SweptJob& swept : jobs) {
    ended += swept.run.result.is_null() ? 0 : 1;
    for (const SweptComparison& c : swept.comparisons) ++counts[c.arm][c.verdict];
  }
  std::vector<std::string> sentences;
  for (const std::string& arm : compared_arms(jobs)) {
    std::vector<std::string> parts;
    for (const auto& [verdict, count] : counts[arm]) parts.push_back(fmt::format("{} in {}", verdict, count));
    if (!parts.empty()) sentences.push_back(fmt::format("{}: {}", arm, fmt::join(parts, ", ")));
  }
  const std::string of = ended == jobs.size() ? "" : fmt::format(" of {}", jobs.size());
  return fmt::format("{}{} have a result. {}{}", counted(static_cast<int64_t>(ended), "job"), of,
                     fmt::join(sentences, "; "), sentences.empty() ? "" : ".");
}

}  // namespace

Report sweep_verdicts(const fs::path& out) {
  const std::vector<SweptJob> jobs = swept_jobs(out);
  Report report;
  std::set<std::string> names;
  for (const SweptJob& swept : jobs) names.insert(swept.job.sweep);
  report.title = fmt::format("Sweep {}: verdicts", fmt::join(names, ", "));
  report.facts = {lead_of_sweep(jobs)};
  for (const SweptJob& swept : jobs)
    if (!swept.run.reason.empty()) report.notes.push_back(swept.job.id + ": " + swept.run.reason);
  Table comparisons = comparisons_of(jobs);
  report.document = {{"sweeps", names}, {"jobs", jobs.size()}, {"comparisons", objects_of(comparisons)}};
  report.tables = {matrix_of(jobs), std::move(comparisons)};
  return report;
}

Page sweep_page(const fs::path& out) {
  const std::vector<SweptJob> jobs = swept_jobs(out);
  Report report = sweep_verdicts(out);
  Page page;
  page.title = report.title;
  page.lead = lead_of_sweep(jobs);
  page.facts = {{"folder", out.string()}, {"jobs", std::to_string(jobs.size())}};
  const std::string caption =
      fmt::format("{} \u00b7 {}", report.title, counted(static_cast<int64_t>(jobs.size()), "job"));
  PageSection verdicts{"verdicts", "Verdicts"};
  verdicts.caption = caption;
  if (const std::string axis = numeric_axis(jobs); !axis.empty())
    if (const CurvePlot plot = differences_over(jobs, axis); !plot.curves.empty())
      verdicts.pictures = {svg_plot(plot)};
  verdicts.tables = {std::move(report.tables[0])};
  page.sections.push_back(std::move(verdicts));
  if (!report.notes.empty()) page.sections.push_back({"notes", "What to know", report.notes});
  PageSection all{"comparisons", "Every comparison"};
  all.tables = {std::move(report.tables[1])};
  all.folded = true;
  page.sections.push_back(std::move(all));
  PageSection again{"again", "Go on from here"};
  again.commands = {fmt::format("ate sweep collect {} --format csv   # every trial", out.string()),
                    fmt::format("ate report {}/runs/JOB   # one of its studies", out.string())};
  page.sections.push_back(std::move(again));
  page.data = std::move(report.document);
  return page;
}

}  // namespace ate
