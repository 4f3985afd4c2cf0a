#include "study/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "config/derived.h"
#include "config/enum_names.h"
#include "config/kernels.h"
#include "data/bands.h"
#include "report/palette.h"
#include "study/cost_report.h"
#include "study/describe_corpus.h"
#include "study/finished.h"
#include "study/notes.h"
#include "study/tuning_report.h"
#include "support/text.h"

namespace ate {
namespace {

using Json = nlohmann::ordered_json;

const Comparison* find_comparison(const StudyResult& result, const Arm& arm) {
  for (const Comparison& c : result.comparisons)
    if (c.arm == arm) return &c;
  return nullptr;
}

// What each arm cost and came to, and its verdict.
Table arms_table(const StudyResult& result) {
  const char* metric = result.metric == Metric::excess ? "excess loss" : "validation loss";
  Table table{"arms",
              fmt::format("Final {}, mean of the seeds that finished; difference to {} seed by seed, nats",
                          metric, enum_name(result.arms[0].arm)),
              {{"arm", "arm"},
               {"parameters", "parameters"},
               {"flops_per_token", "FLOPs/token", 0},
               {"mean_loss", "loss (nats)", 4},
               {"mean_excess", result.metric == Metric::excess ? "excess" : "over floor", 4},
               {"ci95_half_width", "+/- 95 %", 4},
               {"mean_difference", "difference", 4},
               {"ci95_low", "95 % from", 4},
               {"ci95_high", "to", 4},
               {"p_holm", "p (Holm)", 4},
               {"verdict", "verdict"}},
              {}};
  const bool any_stopped =
      std::any_of(result.trials.begin(), result.trials.end(),
                  [&](const TrialRecord& trial) { return stopped_early(trial, result.config); });
  if (any_stopped) table.columns.insert(table.columns.begin() + 3, {"epochs", "epochs"});
  for (const ArmResult& arm : result.arms) {
    std::vector<Json> row = {enum_name(arm.arm),
                             arm.parameters,
                             std::llround(arm.flops_per_token),
                             number_or_null(arm.loss.mean),
                             number_or_null(arm.excess),
                             number_or_null((arm.ci95.high - arm.ci95.low) / 2)};
    if (any_stopped)
      row.insert(row.begin() + 3, arm.epochs ? Json(format_epochs(*arm.epochs)) : Json(nullptr));
    if (const Comparison* c = find_comparison(result, arm.arm))
      row.insert(row.end(), {number_or_null(c->difference.mean), number_or_null(c->ci95.low),
                             number_or_null(c->ci95.high), number_or_null(c->p_holm), c->verdict});
    else
      row.insert(row.end(), {nullptr, nullptr, nullptr, nullptr, "baseline"});
    table.rows.push_back(std::move(row));
  }
  return table;
}

Table losses_table(const StudyResult& result) {
  Table table{"losses",
              "Final validation loss over the seeds",
              {{"arm", "arm"},
               {"seeds", "seeds"},
               {"mean_loss", "loss (nats)", 4},
               {"sd_loss", "sd", 4},
               {"perplexity", "perplexity", 2},
               {"loss_ratio", "ratio", 4}},
              {}};
  bool any_published = false;
  for (const ArmResult& arm : result.arms) any_published = any_published || arm.published.has_value();
  if (any_published) table.columns.push_back({"published_loss", "original printed", 4});
  const bool asked = asks(result.config.source);
  if (asked) table.columns.push_back({"mean_accuracy", "accuracy", 4});
  for (const ArmResult& arm : result.arms) {
    std::vector<Json> row = {enum_name(arm.arm),
                             arm.loss.n,
                             number_or_null(arm.loss.mean),
                             number_or_null(arm.loss.deviation),
                             number_or_null(std::exp(arm.loss.mean)),
                             number_or_null(arm.loss.mean / result.arms[0].loss.mean)};
    if (any_published) row.push_back(number_or_null(arm.published));
    if (asked) row.push_back(number_or_null(arm.accuracy));
    table.rows.push_back(std::move(row));
  }
  return table;
}

// Where each seed's loss on the tune part was lowest: what a user who stops there would have.
Table best_table(const StudyResult& result) {
  Table table{
      "best",
      "At each seed's lowest loss on the tune part: loss on the test part, mean of the seeds that finished",
      {{"arm", "arm"},
       {"seeds", "seeds"},
       {"mean_loss", "loss (nats)", 4},
       {"sd_loss", "sd", 4},
       {"mean_excess", "excess", 4},
       {"mean_tune_loss", "tune loss", 4},
       {"mean_steps", "after steps", 1},
       {"last", "loss at the end", 4}},
      {}};
  for (const ArmResult& arm : result.arms) {
    if (!arm.best) continue;
    table.rows.push_back({enum_name(arm.arm), arm.best->loss.n, number_or_null(arm.best->loss.mean),
                          number_or_null(arm.best->loss.deviation), number_or_null(arm.best->excess),
                          number_or_null(arm.best->tune_loss), arm.best->steps,
                          number_or_null(arm.loss.mean)});
  }
  return table;
}

Table comparisons_table(const StudyResult& result) {
  const std::string within =
      std::isfinite(result.margin) ? fmt::format(" (equivalence within {:.4f} nats)", result.margin) : "";
  Table table{"comparisons",
              "Tests of the differences, seed by seed" + within,
              {{"comparison", "comparison"},
               {"n", "n"},
               {"sd_difference", "sd", 4},
               {"p_t", "p (paired t)", 4},
               {"p_sign_flip", "p (sign flip)", 4},
               {"p_equivalence", "p (equivalence)", 4},
               {"smallest_detectable_holm", "detectable", 4}},
              {}};
  const bool extended = std::any_of(result.comparisons.begin(), result.comparisons.end(),
                                    [](const Comparison& c) { return c.decision.extended; });
  if (extended)
    table.columns.insert(table.columns.end(), {{"p_holm_anytime", "p (any time)", 4},
                                               {"anytime_low", "any time from", 4},
                                               {"anytime_high", "to", 4},
                                               {"decided_by", "decided by"}});
  for (const Comparison& c : result.comparisons) {
    std::vector<Json> row = {std::string(enum_name(c.arm)) + " - " + enum_name(c.baseline),
                             c.difference.n,
                             number_or_null(c.difference.deviation),
                             number_or_null(c.p_t),
                             number_or_null(c.p_sign_flip),
                             number_or_null(c.p_equivalence),
                             number_or_null(c.smallest_detectable_holm)};
    if (extended)
      row.insert(row.end(), {number_or_null(c.anytime->p_holm), number_or_null(c.anytime->interval.low),
                             number_or_null(c.anytime->interval.high),
                             c.decision.outcome == Outcome::undecided ? Json(nullptr) : Json(c.decision.by)});
    table.rows.push_back(std::move(row));
  }
  return table;
}

Table canaries_table(const StudyResult& result) {
  Table table{"canaries", "Canaries", {{"canary", "canary"}, {"passed", "passed"}, {"detail", "detail"}}, {}};
  for (const Canary& c : result.canaries) table.rows.push_back({c.name, c.passed ? "yes" : "NO", c.detail});
  return table;
}

Table criteria_table(const StudyResult& result) {
  Table table{
      "seed_criteria",
      "The original script's own criteria (its words for success, from one pair of runs; not a verdict)",
      {{"name", "criterion"}, {"value", "value", 4}, {"threshold", "threshold", 4}, {"met", "met"}},
      {}};
  for (const SeedCriterion& c : result.seed_criteria)
    table.rows.push_back({c.name, number_or_null(c.value), c.threshold, c.met ? "yes" : "no"});
  return table;
}

// Where in the vocabulary an arm wins or loses: band by band, so that the arms stand side by side.
Table bands_table(const StudyResult& result) {
  Table table{"bands",
              "By the frequency band of the target",
              {{"band", "band"},
               {"arm", "arm"},
               {"targets", "targets"},
               {"mean_loss", "loss (nats)", 4},
               {"mean_excess", "excess", 4}},
              {},
              2};
  for (size_t band = 0; band < kBandNames.size(); ++band)
    for (const ArmResult& arm : result.arms) {
      const BandResult& b = arm.bands.at(band);
      table.rows.push_back({kBandNames.at(band), enum_name(arm.arm), b.targets, number_or_null(b.loss.mean),
                            number_or_null(b.excess)});
    }
  return table;
}

// Every seed of every arm, for programs: the document's trials.
Table trials_table(const Json& document) {
  Table table{"trials",
              "Every seed of every arm",
              {{"arm", "arm"},
               {"seed", "seed"},
               {"status", "status"},
               {"epochs", "epochs"},
               {"parameters", "parameters"},
               {"val_loss", "loss (nats)", 4},
               {"perplexity", "perplexity", 2},
               {"excess", "excess", 4},
               {"seconds", "seconds", 1},
               {"reason", "reason"}},
              {},
              2,
              true};
  if (!document["trials"].empty() && document["trials"][0].contains("accuracy"))
    table.columns.push_back({"accuracy", "accuracy", 4});
  for (const Json& trial : document["trials"]) {
    std::vector<Json> row;
    for (const Column& column : table.columns) row.push_back(trial.value(column.name, Json(nullptr)));
    table.rows.push_back(std::move(row));
  }
  return table;
}

// A few positions at which something was asked, the first and the last among them.
std::set<int64_t> asked_positions(const std::vector<double>& by_position) {
  constexpr size_t kShown = 7;
  std::vector<int64_t> all;
  for (size_t i = 0; i < by_position.size(); ++i)
    if (std::isfinite(by_position[i])) all.push_back(static_cast<int64_t>(i) + 1);
  std::set<int64_t> shown;
  for (size_t i = 0; i < kShown && !all.empty(); ++i) shown.insert(all[i * (all.size() - 1) / (kShown - 1)]);
  return shown;
}

// The loss at a few positions of the window, the last among them: where a leak shows at a glance.
Table positions_table(const StudyResult& result) {
  Table table{"loss_by_position", "Loss by position in the window (nats)", {{"position", "position"}}, {}};
  const int64_t length = result.config.windows.length;
  std::set<int64_t> positions = {1, 2, length / 4, length / 2, 3 * length / 4, length - 1, length};
  positions.erase(0);
  const bool asked = asks(result.config.source);
  if (asked) positions = asked_positions(result.arms[0].by_position);
  for (const ArmResult& arm : result.arms)
    table.columns.push_back({enum_name(arm.arm), enum_name(arm.arm), 4});
  table.columns.push_back({"floor", "floor", 4});
  table.columns.push_back({"target", "its target"});
  for (const int64_t position : positions) {
    std::vector<Json> row = {position};
    for (const ArmResult& arm : result.arms)
      row.push_back(static_cast<size_t>(position) > arm.by_position.size()
                        ? Json(nullptr)
                        : number_or_null(arm.by_position[static_cast<size_t>(position - 1)]));
    row.push_back(number_or_null(result.floor));
    const bool visible = !result.config.body.causal && position < length && !asked;
    row.emplace_back(visible ? "is in the input" : "unseen");
    table.rows.push_back(std::move(row));
  }
  return table;
}

// "fused", or "fused; rope: reference (there are no fused kernels for rotary positions)" where arms differ.
std::string kernels_of_arms(const StudyResult& result) {
  const auto of = [&](const ArmResult& arm) {
    return kernels_used(arm_config(result.config, arm.arm), arm.stacked).text();
  };
  const std::string first = of(result.arms.front());
  std::string out = first;
  for (const ArmResult& arm : result.arms)
    if (of(arm) != first) out += fmt::format("; {}: {}", enum_name(arm.arm), of(arm));
  return out;
}

}  // namespace

std::optional<size_t> arm_colour(const StudyResult& result, const Arm& arm) {
  if (result.arms.size() > curve_colours()) return std::nullopt;
  for (size_t i = 0; i < result.arms.size(); ++i)
    if (result.arms[i].arm == arm) return i;
  return std::nullopt;
}

IntervalPlot differences_plot(const StudyResult& result) {
  IntervalPlot plot;
  plot.title = fmt::format("Difference to {} with its 95 % interval, nats", enum_name(result.arms[0].arm));
  if (std::isfinite(result.margin) && result.margin > 0)
    plot.title += fmt::format(" (margin {:.4f})", result.margin);
  plot.left = "better";
  plot.right = "worse";
  plot.margin = result.margin;
  for (const Comparison& c : result.comparisons) {
    const std::string verdict = c.verdict.rfind("none", 0) == 0 ? "no verdict" : c.verdict;
    plot.rows.push_back({enum_name(c.arm), c.difference.n > 0 ? c.difference.mean : NAN, c.ci95.low,
                         c.ci95.high, verdict, arm_colour(result, c.arm).value_or(0)});
  }
  return plot;
}

Report study_report(const StudyResult& result) {
  const Config& config = result.config;
  Report report;
  report.title = fmt::format(
      "{}, {} mode: {} of {}{}, {} {}", config.name, enum_name(config.mode),
      counted(config.schedule.epochs, "epoch"), counted(steps_per_epoch(config), "step"),
      config.optimiser.accumulate > 1 ? fmt::format(" of {} batches each", config.optimiser.accumulate) : "",
      config.study.seeds.size() == 1 ? "seed" : "seeds", format_seeds(config.study.seeds));
  report.facts = {describe_corpus(result.config, result.floor), "kernels: " + kernels_of_arms(result),
                  "run: " + result.run_id};
  report.tables.push_back(arms_table(result));
  report.tables.push_back(losses_table(result));
  if (Table best = best_table(result); !best.rows.empty()) report.tables.push_back(std::move(best));
  if (!result.comparisons.empty()) {
    report.plot = differences_plot(result);
    report.tables.push_back(comparisons_table(result));
  }
  if (tells_costs(result)) report.tables.push_back(costs_table(result));
  if (result.tuning) report.curves.push_back(tuning_plot(*result.tuning));
  if (result.tuning)
    for (Table& table : tuning_tables(*result.tuning, result.margin))
      report.tables.push_back(std::move(table));
  report.tables.push_back(bands_table(result));
  if (config.body.kind == BodyKind::encoder) report.tables.push_back(positions_table(result));
  report.tables.push_back(canaries_table(result));
  if (!result.seed_criteria.empty()) report.tables.push_back(criteria_table(result));
  if (std::optional<std::string> note = describe_departures(result.plan))
    report.notes.push_back(*std::move(note));
  if (result.arms.size() == 1)
    report.notes.push_back(
        fmt::format("The study has one arm, {}: nothing is compared.", enum_name(result.arms[0].arm)));
  report.notes.insert(report.notes.end(), result.notes.begin(), result.notes.end());
  report.document = to_json(result);
  report.tables.push_back(trials_table(report.document));
  return report;
}

}  // namespace ate
