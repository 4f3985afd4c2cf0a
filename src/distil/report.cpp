#include "distil/report.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "distil/recall.h"
#include "study/describe_corpus.h"

namespace ate {
namespace {

const std::vector<Column> kModelColumns = {{"world", "source"},
                                           {"model", "model"},
                                           {"heads", "heads"},
                                           {"k", "k"},
                                           {"loss", "loss", 4},
                                           {"difference", "to teacher", 4},
                                           {"standard_error", "+/-", 4},
                                           {"kl", "KL", 4},
                                           {"relative_logit_error", "logit error", 3},
                                           {"accuracy", "top-1", 3},
                                           {"mass_recall", "mass", 3},
                                           {"oracle_recall", "oracle", 3},
                                           {"leak", "leak", 4}};

void add_model(Table& table, const std::string& world, const std::string& model, const std::string& heads,
               int64_t k, const std::string& failed, const Score& s) {
  if (failed.empty())
    table.rows.push_back({world, model, heads, k, s.loss, s.difference(), s.standard_error, s.kl,
                          s.logit_error, s.accuracy, s.recall, s.oracle_recall, s.leak});
  else
    table.rows.push_back({world, model + ", diverged", heads, k, nullptr, nullptr, nullptr, nullptr, nullptr,
                          nullptr, nullptr, nullptr, nullptr});
}

std::string distance_name(const DistanceScore& d) {
  if (d.nearest == 0) return "not seen";
  return d.furthest > (1 << 16) ? fmt::format("{} on", d.nearest)
                                : fmt::format("{}-{}", d.nearest, d.furthest);
}

void add_distances(Table& table, const std::string& model, const Score& s) {
  for (const DistanceScore& d : s.distances)
    table.rows.push_back(
        {model, distance_name(d), d.targets, d.teacher_loss, d.loss, d.loss - d.teacher_loss, d.accuracy});
}

void add_notes(Report& report, const SourceResult& w) {
  if (!w.head.failed.empty()) return;
  const SelectorQuality& q = w.head.quality;
  const char* const against = q.accuracy > q.constant + 0.01   ? "better than"
                              : q.accuracy < q.constant - 0.01 ? "worse than"
                                                               : "no better than";
  report.notes.push_back(
      fmt::format("{}: the selector names the strongest key for {:.1f} % of held-out queries, {} the best "
                  "constant choice for "
                  "each position ({:.1f} %); chance is {:.1f} %.",
                  w.name, 100 * q.accuracy, against, 100 * q.constant, 100 * q.chance));
  report.notes.push_back(
      fmt::format("{}: with the tokens before the last position shuffled, its strongest key moved in {:.0f} "
                  "% of the windows, "
                  "the selector's choice in {:.0f} %: it reads the query alone.",
                  w.name, 100 * q.strongest_moved, 100 * q.choice_moved));
  if (w.head.score.leak > 0)
    report.notes.push_back(
        fmt::format("{}: the hybrid LEAKS: its selector may choose later positions, and a later token moves "
                    "earlier logits by up "
                    "to {:.4f}. Its loss is no evidence.",
                    w.name, w.head.score.leak));
}

Report pipeline_report(const DistillationOutcome& outcome, const PipelineResult& result) {
  Report report;
  const Config& config = outcome.config;
  report.title =
      fmt::format("{}: one head by selector and approximator, then all heads by every kind", config.name);
  for (const SourceResult& w : result.worlds)
    report.facts.push_back(
        w.name + ": " +
        describe_corpus(&w == &result.worlds.front() ? config : recall_config(config), w.floor));
  report.facts.push_back("run: " + outcome.run_id);
  Table models{
      "models",
      "On the whole validation part, nats per target; mass: attention that the chosen keys hold, oracle: "
      "that the k strongest hold",
      kModelColumns,
      {}};
  Table selectors{"selectors",
                  "The selector of head 0, layer 0, on held-out queries",
                  {{"world", "source"},
                   {"accuracy", "top-1", 4},
                   {"best_constant", "constant", 4},
                   {"chance", "chance", 4},
                   {"mass", "mass at k", 4},
                   {"mass_constant", "constant k", 4},
                   {"mass_window", "last k", 4},
                   {"mass_chance", "chance k", 4},
                   {"mass_oracle", "oracle k", 4},
                   {"approximator_r2", "approx. R2", 3}},
                  {}};
  Table distances{"distances",
                  "Answers on the recall source, by how far back the key stands (tokens)",
                  {{"model", "model"},
                   {"distance", "distance"},
                   {"targets", "answers"},
                   {"teacher_loss", "teacher", 4},
                   {"loss", "loss", 4},
                   {"difference", "difference", 4},
                   {"accuracy", "top-1", 3}},
                  {}};
  for (const SourceResult& w : result.worlds) {
    const HeadResult& h = w.head;
    const Score* const taught = [&]() -> const Score* {
      if (h.failed.empty()) return &h.score;
      for (const StudentResult& student : w.students)
        if (student.failed.empty()) return &student.score;
      return nullptr;
    }();
    if (taught != nullptr)
      models.rows.push_back({w.name, "teacher", "dense", nullptr, taught->teacher_loss, 0.0, nullptr, nullptr,
                             nullptr, taught->teacher_accuracy, nullptr, nullptr, nullptr});
    add_model(models, w.name, "hybrid (the original's)", "1 of 1 layer", config.attention.k, h.failed,
              h.score);
    add_distances(distances, "hybrid", h.score);
    for (const StudentResult& student : w.students) {
      add_model(models, w.name, student.name, "all", student.k, student.failed, student.score);
      add_distances(distances, student.name, student.score);
    }
    const SelectorQuality& q = h.quality;
    if (h.failed.empty())
      selectors.rows.push_back({w.name, q.accuracy, q.constant, q.chance, q.mass, q.mass_constant,
                                q.mass_window, q.mass_chance, q.mass_oracle, h.approximator_r2});
    add_notes(report, w);
  }
  report.tables = {std::move(models), std::move(selectors)};
  if (!distances.rows.empty()) report.tables.push_back(std::move(distances));
  return report;
}

Report frontier_report(const DistillationOutcome& outcome, const FrontierResult& frontier) {
  const Config& config = outcome.config;
  Report report;
  report.title = fmt::format("{}: what each kind of sparse attention loses and costs, T = {}", config.name,
                             config.windows.length);
  report.facts = {
      describe_corpus(config, std::nullopt),
      fmt::format("dense teacher: {:.4f} nats; attention of one head {:.0f} FLOPs a token, of a layer "
                  "{:.3f} ms a batch, forward",
                  frontier.teacher_loss, frontier.dense_flops, 1e3 * frontier.dense_seconds),
      "run: " + outcome.run_id};
  Table table{"frontier",
              "",
              {{"kind", "kind"},
               {"k", "k"},
               {"loss", "loss (nats)", 4},
               {"difference", "to dense", 4},
               {"standard_error", "+/-", 4},
               {"kl", "KL", 4},
               {"mass_recall", "mass", 3},
               {"oracle_recall", "oracle", 3},
               {"flops_ratio", "FLOPs / dense", 3},
               {"time_ratio", "time / dense", 2},
               {"milliseconds", "ms", 3},
               {"leak", "leak", 4}},
              {}};
  for (const FrontierPoint& p : frontier.points) {
    const Score& s = p.student.score;
    const double flops = p.flops / frontier.dense_flops;
    const double time = p.seconds / frontier.dense_seconds;
    if (p.student.failed.empty())
      table.rows.push_back({p.student.attention, p.student.k, s.loss, s.difference(), s.standard_error, s.kl,
                            s.recall, s.oracle_recall, flops, time, 1e3 * p.seconds, s.leak});
    else
      table.rows.push_back({p.student.attention + ", diverged", p.student.k, nullptr, nullptr, nullptr,
                            nullptr, nullptr, nullptr, flops, time, 1e3 * p.seconds, nullptr});
  }
  report.tables.push_back(std::move(table));
  report.notes.emplace_back(
      "Times are of plain operations, which gather the chosen keys, against plain dense operations, at this "
      "short T: "
      "fewer FLOPs need not be less time. oracle_topk computes every score; it is a bound, not a saving.");
  return report;
}

}  // namespace

Report distillation_report(const DistillationOutcome& outcome) {
  const auto* const pipeline = std::get_if<PipelineResult>(&outcome.result);
  Report report = pipeline != nullptr ? pipeline_report(outcome, *pipeline)
                                      : frontier_report(outcome, std::get<FrontierResult>(outcome.result));
  for (const std::string& failure : failures(outcome.result))
    report.notes.push_back(failure + "; the rest goes on.");
  report.document =
      to_json(outcome.result, outcome.run_id, outcome.config.name, outcome.config.windows.length);
  return report;
}

CurvePlot frontier_plot(const FrontierResult& frontier) {
  CurvePlot plot;
  plot.title = "Sparse attention distilled from a dense teacher";
  plot.x_label = "attention cost / dense";
  plot.y_label = "perplexity / dense";
  plot.floor = 1;
  plot.floor_label = "1: as good as dense";
  plot.log_y = true;
  for (const bool timed : {false, true})
    for (const FrontierPoint& p : frontier.points) {
      if (!p.student.failed.empty()) continue;
      const std::string& kind = p.student.attention;
      if (plot.curves.empty() || plot.curves.back().panel != kind || plot.curves.back().joined == timed)
        plot.curves.push_back(
            {timed ? "cost in time" : "cost in FLOPs", {}, {}, timed ? 1U : 0U, !timed, kind});
      plot.curves.back().points.push_back(
          {timed ? p.seconds / frontier.dense_seconds : p.flops / frontier.dense_flops,
           std::exp(p.student.score.difference()), NAN, NAN});
    }
  return plot;
}

}  // namespace ate
