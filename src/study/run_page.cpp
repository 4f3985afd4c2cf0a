#include "study/run_page.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "config/derived.h"
#include "config/enum_names.h"
#include "data/bands.h"
#include "study/compare.h"
#include "study/describe_corpus.h"
#include "study/finished.h"
#include "study/report.h"
#include "study/tuning_report.h"
#include "support/error.h"
#include "support/text.h"

namespace ate {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

const char* word_of(Metric metric) { return metric == Metric::excess ? "excess loss" : "validation loss"; }

std::string interval_text(const Interval& interval) {
  return fmt::format("[{:+.4f}, {:+.4f}]", interval.low, interval.high);
}

// "bespoke is worse than standard by 0.0161 nats [0.0130, 0.0192]".
std::string sentence_of(const Comparison& c) {
  const std::string name = enum_name(c.arm);
  const std::string baseline = enum_name(c.baseline);
  if (c.difference.n == 0) return fmt::format("{} has no seed in common with {}", name, baseline);
  const std::string by =
      fmt::format("{:+.4f} nats, 95 % interval {}", c.difference.mean, interval_text(c.ci95));
  if (c.verdict == "better" || c.verdict == "worse")
    return fmt::format("{} is {} than {} ({})", name, c.verdict, baseline, by);
  if (c.verdict == "equivalent") return fmt::format("{} is equivalent to {} ({})", name, baseline, by);
  return fmt::format("{} against {}: {} ({})", name, baseline, c.verdict, by);
}

std::string lead_of(const StudyResult& result) {
  std::string lead;
  if (leaks(result))
    lead =
        "A canary failed: a model sees its targets, or a loss is below what is possible. No number here can "
        "be trusted. ";
  if (result.comparisons.empty())
    return lead + fmt::format("One arm, {}: {} {:.4f} nats over {}.", enum_name(result.arms[0].arm),
                              word_of(result.metric),
                              result.metric == Metric::excess ? result.arms[0].excess.value_or(NAN)
                                                              : result.arms[0].loss.mean,
                              counted(result.arms[0].loss.n, "seed"));
  constexpr size_t kMostSentences = 3;
  if (result.comparisons.size() <= kMostSentences) {
    std::vector<std::string> sentences;
    for (const Comparison& c : result.comparisons) sentences.push_back(sentence_of(c));
    return lead + fmt::format("{}.", fmt::join(sentences, "; "));
  }
  std::map<std::string, std::vector<std::string>> by_verdict;
  for (const Comparison& c : result.comparisons) by_verdict[c.verdict].push_back(enum_name(c.arm));
  std::vector<std::string> parts;
  for (const auto& [verdict, arms] : by_verdict)
    parts.push_back(fmt::format("{}: {}", verdict, fmt::join(arms, ", ")));
  return lead + fmt::format("Against {}, by {}, {}.", enum_name(result.comparisons[0].baseline),
                            word_of(result.metric), fmt::join(parts, "; "));
}

// The difference of a band's loss to the baseline's, as a plot over the bands.
CurvePlot bands_plot(const StudyResult& result) {
  const bool excess = result.metric == Metric::excess;
  CurvePlot plot;
  plot.title = fmt::format("{} by the frequency band of the target", excess ? "Excess loss" : "Loss");
  plot.x_label = "band";
  plot.y_label = "nats";
  plot.log_x = false;
  for (const char* band : kBandNames) plot.x_names.emplace_back(band);
  for (const ArmResult& arm : result.arms) {
    Curve curve{enum_name(arm.arm), {}};
    for (size_t band = 0; band < kBandNames.size(); ++band) {
      const BandResult& b = arm.bands.at(band);
      const double y = excess ? b.excess.value_or(NAN) : b.loss.mean;
      if (std::isfinite(y)) curve.points.push_back({static_cast<double>(band), y, NAN, NAN});
    }
    curve.colour = arm_colour(result, arm.arm);
    if (!curve.points.empty()) plot.curves.push_back(std::move(curve));
  }
  return plot;
}

std::string text_of(const Json& environment, const char* key) {
  if (!environment.is_object() || !environment.contains(key)) return "not known";
  const Json& value = environment[key];
  return value.is_string() ? value.get<std::string>() : value.dump();
}

// The tables of a report by name, each taken once.
class Tables {
 public:
  explicit Tables(std::vector<Table> all) : all_(std::move(all)) {}
  std::vector<Table> take(const std::vector<std::string>& names) {
    std::vector<Table> out;
    for (const std::string& name : names) {
      const auto found =
          std::find_if(all_.begin(), all_.end(), [&](const Table& t) { return t.name == name; });
      if (found == all_.end()) continue;
      out.push_back(std::move(*found));
      all_.erase(found);
    }
    return out;
  }
  std::vector<Table> rest() {
    all_.erase(std::remove_if(all_.begin(), all_.end(), [](const Table& t) { return t.machine; }),
               all_.end());
    return std::move(all_);
  }

 private:
  std::vector<Table> all_;
};

// "corpus: 5000 tokens" without the name.
std::string value_of_fact(const std::string& fact) { return fact.substr(fact.find(": ") + 2); }

std::vector<PageFact> facts_of(const StoredRun& run) {
  const StudyResult& result = run.result;
  const Config& config = result.config;
  std::vector<PageFact> facts = {
      {"run", result.run_id},
      {"question",
       fmt::format("which arm has the lowest {}, {} mode", word_of(result.metric), enum_name(config.mode))},
      {"corpus", value_of_fact(describe_corpus(config, result.floor))},
      {"trained", fmt::format("{} of {}, {}", counted(config.schedule.epochs, "epoch"),
                              counted(steps_per_epoch(config), "step"),
                              counted(static_cast<int64_t>(config.study.seeds.size()), "seed") + ": " +
                                  format_seeds(config.study.seeds))}};
  for (PageFact& fact : environment_facts(run.environment)) facts.push_back(std::move(fact));
  if (std::isfinite(result.margin) && result.margin > 0)
    facts.insert(facts.begin() + 2,
                 {"margin", fmt::format("differences within {:.4f} nats count as none", result.margin)});
  return facts;
}

void add_run(const StoredRun& run, const std::string& prefix, int level, Page& page) {
  const StudyResult& result = run.result;
  Report report = study_report(result);
  Tables tables(std::move(report.tables));
  const std::string caption =
      fmt::format("{} · {} · seeds {} · commit {}", result.run_id, result.config.name,
                  format_seeds(result.config.study.seeds), text_of(run.environment, "commit"));
  const auto add = [&](const char* id, const char* heading, PageSection section) {
    section.id = prefix + id;
    section.heading = heading;
    section.caption = caption;
    section.level = level;
    const bool empty = section.sentences.empty() && section.pictures.empty() && section.tables.empty() &&
                       section.commands.empty();
    if (!empty) page.sections.push_back(std::move(section));
  };
  PageSection differences;
  if (!result.comparisons.empty()) differences.pictures = {svg_plot(differences_plot(result))};
  differences.tables = tables.take({"arms"});
  add("arms", "Arms and verdicts", std::move(differences));

  PageSection notes;
  notes.sentences = report.notes;
  add("notes", "What to know", std::move(notes));

  PageSection learning;
  if (const CurvePlot plot = learning_plot(result); !plot.curves.empty())
    learning.pictures = {svg_plot(plot)};
  learning.tables = tables.take({"best"});
  add("learning", "Learning curves", std::move(learning));

  PageSection tuning;
  if (result.tuning) {
    tuning.sentences = describe_tuning(*result.tuning, result.margin);
    tuning.pictures = {svg_plot(tuning_plot(*result.tuning))};
    std::vector<std::string> names;
    for (const Table& table : tuning_tables(*result.tuning, result.margin)) names.push_back(table.name);
    tuning.tables = tables.take(names);
  }
  add("tuning", "Tuning", std::move(tuning));

  PageSection bands;
  if (const CurvePlot plot = bands_plot(result); !plot.curves.empty()) bands.pictures = {svg_plot(plot)};
  add("bands", "By frequency", std::move(bands));

  PageSection canaries;
  canaries.tables = tables.take({"canaries", "seed_criteria"});
  add("canaries", "Canaries", std::move(canaries));

  PageSection costs;
  costs.tables = tables.take({"costs"});
  add("costs", "Costs", std::move(costs));

  PageSection rest;
  rest.tables = tables.rest();
  rest.folded = true;
  add("tables", "All other tables", std::move(rest));

  PageSection again;
  const std::string& id = result.run_id;
  const bool named = id.rfind("validate-bespoke-", 0) == 0;
  again.commands = {fmt::format("ate {} --config {}/config.json",
                                named ? "validate-bespoke" : id.substr(0, id.find('-')), run.name)};
  if (run.checkpoints)
    again.commands.push_back(
        fmt::format("scripts/recompute.py {} --ate build/release/ate   # the losses, in PyTorch", run.name));
  add("again", "Run it again", std::move(again));
}

Table verdicts_of(const std::vector<StoredRun>& runs) {
  Table table{"runs",
              "Runs and their verdicts",
              {{"run", "run"},
               {"arm", "arm"},
               {"mean", "loss (nats)", 4},
               {"difference", "difference", 4},
               {"low", "95 % from", 4},
               {"high", "to", 4},
               {"verdict", "verdict"},
               {"parameters", "parameters"},
               {"flops_per_token", "FLOPs/token", 0}},
              {},
              2};
  for (const StoredRun& run : runs)
    for (const ArmResult& arm : run.result.arms) {
      const auto c = std::find_if(run.result.comparisons.begin(), run.result.comparisons.end(),
                                  [&](const Comparison& x) { return x.arm == arm.arm; });
      const bool compared = c != run.result.comparisons.end();
      table.rows.push_back({run.result.run_id, enum_name(arm.arm), number_or_null(arm.loss.mean),
                            compared ? number_or_null(c->difference.mean) : Json(nullptr),
                            compared ? number_or_null(c->ci95.low) : Json(nullptr),
                            compared ? number_or_null(c->ci95.high) : Json(nullptr),
                            compared ? Json(c->verdict) : Json("baseline"), arm.parameters,
                            std::llround(arm.flops_per_token)});
    }
  return table;
}

}  // namespace

std::vector<PageFact> environment_facts(const Json& environment) {
  return {{"machine", fmt::format("{}, {}, {}", text_of(environment, "processor"),
                                  text_of(environment, "device"), text_of(environment, "products"))},
          {"program", fmt::format("ate {}, commit {}, LibTorch {}", text_of(environment, "ate"),
                                  text_of(environment, "commit"), text_of(environment, "libtorch"))}};
}

fs::path find_run(const std::string& name, const fs::path& out) {
  std::error_code ignored;
  if (fs::is_directory(name, ignored)) return fs::path(name).lexically_normal();
  std::vector<fs::path> found;
  for (const fs::directory_entry& entry : fs::directory_iterator(out / "runs", ignored)) {
    const std::string run = entry.path().filename().string();
    if (run == name) return entry.path();
    if (!name.empty() && run.size() > name.size() && run.ends_with(name) &&
        fs::exists(entry.path() / "config.json", ignored))
      found.push_back(entry.path());
  }
  if (found.size() == 1) return found.front();
  if (found.empty())
    throw BadInput(name,
                   fmt::format("is no run's folder, and no run in {} ends so; --out names the folder of runs",
                               (out / "runs").string()));
  std::vector<std::string> names;
  for (const fs::path& path : found) names.push_back(path.filename().string());
  std::sort(names.begin(), names.end());
  throw BadInput(name, fmt::format("is the end of {} runs' names: {}", names.size(), fmt::join(names, ", ")));
}

CurvePlot learning_plot(const StudyResult& result) {
  const bool excess = result.metric == Metric::excess;
  CurvePlot plot;
  plot.title = excess ? "Excess loss while training" : "Validation loss while training";
  plot.x_label = "steps";
  plot.y_label = "nats";
  plot.log_x = false;
  for (const ArmResult& arm : result.arms) {
    const Config config = arm_config(result.config, arm.arm);
    std::map<int64_t, std::vector<double>> by_step;
    for (const TrialRecord* trial : finished_of(result.trials, arm.arm))
      for (const Evaluation& evaluation : trial->progress.evaluations)
        by_step[steps_at(config, evaluation)].push_back(primary_number(evaluation, result.metric));
    Curve curve{enum_name(arm.arm), {}};
    for (const auto& [step, values] : by_step) {
      const Summary summary = summarise(values);
      const Interval interval = t_interval(summary, 0.95);
      curve.points.push_back({static_cast<double>(step), summary.mean, interval.low, interval.high});
    }
    if (curve.points.empty()) continue;
    const auto best = std::min_element(curve.points.begin(), curve.points.end(),
                                       [](const CurvePoint& a, const CurvePoint& b) { return a.y < b.y; });
    curve.best = static_cast<size_t>(best - curve.points.begin());
    curve.colour = arm_colour(result, arm.arm);
    plot.curves.push_back(std::move(curve));
  }
  if (!excess && result.floor) plot.floor = result.floor;
  return plot;
}

Report runs_report(const std::vector<StoredRun>& runs) {
  if (runs.size() == 1) return study_report(runs[0].result);
  Report report;
  report.title = fmt::format("{} runs", runs.size());
  report.tables = {verdicts_of(runs)};
  report.document = Json::array();
  for (const StoredRun& run : runs) report.document.push_back(to_json(run.result));
  return report;
}

Page run_page(const std::vector<StoredRun>& runs) {
  Page page;
  if (runs.size() == 1) {
    page.title = study_report(runs[0].result).title;
    page.lead = lead_of(runs[0].result);
    page.facts = facts_of(runs[0]);
    add_run(runs[0], "", 2, page);
    page.data = to_json(runs[0].result);
    return page;
  }
  page.title = fmt::format("{} runs", runs.size());
  page.lead = fmt::format("{} runs side by side; each has its own baseline.", runs.size());
  PageSection all{"runs", "Verdicts", {}, {}, "", {verdicts_of(runs)}, {}, false, 2};
  page.sections.push_back(std::move(all));
  page.data = Json::array();
  for (size_t i = 0; i < runs.size(); ++i) {
    const std::string prefix = fmt::format("r{}-", i + 1);
    PageSection head{
        prefix + "head", runs[i].result.run_id, {lead_of(runs[i].result)}, {}, "", {}, {}, false, 2};
    for (const PageFact& fact : facts_of(runs[i])) head.sentences.push_back(fact.name + ": " + fact.value);
    page.sections.push_back(std::move(head));
    add_run(runs[i], prefix, 3, page);
    page.data.push_back(to_json(runs[i].result));
  }
  return page;
}

}  // namespace ate
