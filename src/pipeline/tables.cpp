#include "pipeline/tables.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "config/fields.h"
#include "data/corpus.h"
#include "study/describe_corpus.h"

namespace ate {
namespace {

using Json = nlohmann::ordered_json;

// One row of every table of models; `recall` is null for a model without sparse heads.
Json score_json(const Score& s) {
  Json distances = Json::array();
  for (const DistanceScore& d : s.distances)
    distances.push_back({{"nearest", d.nearest},
                         {"furthest", d.furthest},
                         {"targets", d.targets},
                         {"teacher_loss", d.teacher_loss},
                         {"loss", d.loss},
                         {"accuracy", d.accuracy}});
  return {{"targets", s.targets},
          {"loss", s.loss},
          {"teacher_loss", s.teacher_loss},
          {"difference", s.loss - s.teacher_loss},
          {"standard_error", s.standard_error},
          {"excess", number_or_null(s.excess)},
          {"teacher_excess", number_or_null(s.teacher_excess)},
          {"kl", s.kl},
          {"relative_logit_error", s.logit_error},
          {"accuracy", s.accuracy},
          {"teacher_accuracy", s.teacher_accuracy},
          {"agreement", s.agreement},
          {"mass_recall", s.recall},
          {"oracle_recall", s.oracle_recall},
          {"leak", s.leak},
          {"distances", std::move(distances)}};
}

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
               int64_t k, const Score& s) {
  table.rows.push_back({world, model, heads, k, s.loss, s.loss - s.teacher_loss, s.standard_error, s.kl,
                        s.logit_error, s.accuracy, s.recall, s.oracle_recall, s.leak});
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

Json quality_json(const SelectorQuality& q) {
  return {{"queries", q.queries},
          {"accuracy", q.accuracy},
          {"chance", q.chance},
          {"best_constant", q.constant},
          {"mass", q.mass},
          {"mass_chance", q.mass_chance},
          {"mass_constant", q.mass_constant},
          {"mass_window", q.mass_window},
          {"mass_oracle", q.mass_oracle},
          {"strongest_moved", q.strongest_moved},
          {"choice_moved", q.choice_moved}};
}

void add_notes(Report& report, const WorldResult& w) {
  const SelectorQuality& q = w.head.quality;
  const char* const against = q.accuracy > q.constant + 0.01   ? "better than"
                              : q.accuracy < q.constant - 0.01 ? "worse than"
                                                               : "no better than";
  report.notes.push_back(
      fmt::format("{}: the selector names the strongest key for {:.1f} % of held-out queries, {} the best "
                  "constant choice for "
                  "each position ({:.1f} %); chance is {:.1f} %.",
                  w.world, 100 * q.accuracy, against, 100 * q.constant, 100 * q.chance));
  report.notes.push_back(
      fmt::format("{}: with the tokens before the last position shuffled, its strongest key moved in {:.0f} "
                  "% of the windows, "
                  "the selector's choice in {:.0f} %: it reads the query alone.",
                  w.world, 100 * q.strongest_moved, 100 * q.choice_moved));
  if (w.head.score.leak > 0)
    report.notes.push_back(
        fmt::format("{}: the hybrid LEAKS: its selector may choose later positions, and a later token moves "
                    "earlier logits by up "
                    "to {:.4f}. Its loss is no evidence.",
                    w.world, w.head.score.leak));
}

}  // namespace

Report pipeline_report(const std::string& run_id, const std::vector<WorldResult>& worlds) {
  Report report;
  const Config& first = worlds.front().config;
  report.title =
      fmt::format("{}: one head by selector and approximator, then all heads by every kind", first.name);
  for (const WorldResult& w : worlds)
    report.facts.push_back(w.world + ": " + describe_corpus(w.config, w.floor));
  report.facts.push_back("run: " + run_id);
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
  Json document = Json::array();
  for (const WorldResult& w : worlds) {
    const HeadResult& h = w.head;
    const Score& s = h.score;
    models.rows.push_back({w.world, "teacher", "dense", nullptr, s.teacher_loss, 0.0, nullptr, nullptr,
                           nullptr, s.teacher_accuracy, nullptr, nullptr, nullptr});
    add_model(models, w.world, "hybrid (the seed's)", "1 of 1 layer", w.config.attention.k, s);
    add_distances(distances, "hybrid", s);
    Json students = Json::array();
    for (const Student& student : w.students) {
      add_model(models, w.world, student.name, "all", student.attention.k, student.score);
      add_distances(distances, student.name, student.score);
      students.push_back({{"name", student.name},
                          {"attention", enum_name(student.attention.kind)},
                          {"k", student.attention.k},
                          {"score", score_json(student.score)}});
    }
    const SelectorQuality& q = h.quality;
    selectors.rows.push_back({w.world, q.accuracy, q.constant, q.chance, q.mass, q.mass_constant,
                              q.mass_window, q.mass_chance, q.mass_oracle, h.approximator_r2});
    document.push_back({{"name", w.world},
                        {"source", enum_name(w.config.source.kind)},
                        {"floor_nats", number_or_null(w.floor)},
                        {"selector", quality_json(q)},
                        {"selector_loss", h.selector_loss},
                        {"approximator_loss", h.approximator_loss},
                        {"approximator_r2", h.approximator_r2},
                        {"hybrid", score_json(s)},
                        {"students", std::move(students)}});
    add_notes(report, w);
  }
  report.tables = {std::move(models), std::move(selectors)};
  if (!distances.rows.empty()) report.tables.push_back(std::move(distances));
  report.document = {{"run_id", run_id}, {"preset", first.name}, {"worlds", std::move(document)}};
  return report;
}

Report frontier_report(const std::string& run_id, const Config& config, const FrontierResult& frontier) {
  Report report;
  report.title = fmt::format("{}: what each kind of sparse attention loses and costs, T = {}", config.name,
                             config.windows.length);
  report.facts = {
      describe_corpus(config, std::nullopt),
      fmt::format("dense teacher: {:.4f} nats; attention of one head {:.0f} FLOPs a token, of a layer "
                  "{:.3f} ms a batch, forward",
                  frontier.teacher_loss, frontier.dense_flops, 1e3 * frontier.dense_seconds),
      "run: " + run_id};
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
  Json points = Json::array();
  for (const FrontierPoint& p : frontier.points) {
    const Score& s = p.student.score;
    const double flops = p.flops / frontier.dense_flops;
    const double time = p.seconds / frontier.dense_seconds;
    const char* const kind = enum_name(p.student.attention.kind);
    table.rows.push_back({kind, p.student.attention.k, s.loss, s.loss - s.teacher_loss, s.standard_error,
                          s.kl, s.recall, s.oracle_recall, flops, time, 1e3 * p.seconds, s.leak});
    points.push_back({{"kind", kind},
                      {"k", p.student.attention.k},
                      {"flops_per_token", p.flops},
                      {"flops_ratio", flops},
                      {"seconds", p.seconds},
                      {"time_ratio", time},
                      {"score", score_json(s)}});
  }
  report.tables.push_back(std::move(table));
  report.notes.emplace_back(
      "Times are of plain operations, which gather the chosen keys, against plain dense operations, at this "
      "short T: "
      "fewer FLOPs need not be less time. oracle_topk computes every score; it is a bound, not a saving.");
  report.document = {{"run_id", run_id},
                     {"preset", config.name},
                     {"T", config.windows.length},
                     {"dense",
                      {{"loss", frontier.teacher_loss},
                       {"flops_per_token", frontier.dense_flops},
                       {"seconds", frontier.dense_seconds}}},
                     {"points", std::move(points)}};
  return report;
}

Plot frontier_plot(const FrontierResult& frontier) {
  Plot plot{"Sparse attention distilled from a dense teacher",
            "attention cost / dense",
            "perplexity / dense",
            {},
            "1: as good as dense"};
  for (const bool measured : {false, true})
    for (const FrontierPoint& p : frontier.points) {
      const std::string name =
          std::string(enum_name(p.student.attention.kind)) + (measured ? ", time" : ", FLOPs");
      if (plot.curves.empty() || plot.curves.back().name != name) plot.curves.push_back({name, {}, measured});
      plot.curves.back().points.emplace_back(
          measured ? p.seconds / frontier.dense_seconds : p.flops / frontier.dense_flops,
          std::exp(p.student.score.loss - p.student.score.teacher_loss));
    }
  return plot;
}

}  // namespace ate
