#include "distil/page.h"

#include <fmt/format.h>

#include <cmath>

#include "distil/report.h"
#include "run/folder.h"
#include "study/run_page.h"
#include "support/error.h"
#include "support/json.h"

namespace ate {
namespace {

namespace fs = std::filesystem;

constexpr double kNormal95 = 1.96;
constexpr double kAsGood = 1.01;  // perplexity over the dense teacher's

// Loss of every model on one source to its dense teacher's.
IntervalPlot differences_to_teacher(const SourceResult& world) {
  IntervalPlot plot{
      "Loss to the dense teacher's on " + world.name + ", nats, 95 % interval", "better", "worse", 0, {}};
  const auto add = [&](const std::string& name, const std::string& failed, const Score& score) {
    if (!failed.empty()) {
      plot.rows.push_back({name, NAN, NAN, NAN, "diverged"});
      return;
    }
    const double half = kNormal95 * score.standard_error;
    plot.rows.push_back({name, score.difference(), score.difference() - half, score.difference() + half,
                         score.leak > 0 ? "leaks" : ""});
  };
  add("hybrid (one head)", world.head.failed, world.head.score);
  for (const StudentResult& student : world.students) add(student.name, student.failed, student.score);
  return plot;
}

std::string lead_of_source(const SourceResult& world) {
  std::string text = world.name + ": ";
  if (!world.head.failed.empty())
    text += "the original's head failed, " + world.head.failed;
  else
    text += fmt::format(
        "with one head by selector and approximator the loss is {:+.4f} nats to the dense teacher's{}",
        world.head.score.difference(), world.head.score.leak > 0 ? ", and the selector leaks" : "");
  const StudentResult* best = nullptr;
  for (const StudentResult& student : world.students)
    if (student.failed.empty() && (best == nullptr || student.score.difference() < best->score.difference()))
      best = &student;
  if (best != nullptr)
    text += fmt::format("; of the kinds on all heads {} has the lowest loss ({:+.4f})", best->name,
                        best->score.difference());
  return text + ". ";
}

std::string lead_of_frontier(const FrontierResult& frontier) {
  const FrontierPoint* cheapest = nullptr;
  for (const FrontierPoint& p : frontier.points)
    if (p.student.failed.empty() && std::exp(p.student.score.difference()) <= kAsGood &&
        (cheapest == nullptr || p.flops < cheapest->flops))
      cheapest = &p;
  if (cheapest == nullptr)
    return fmt::format("No student comes within {:.0f} % of the dense perplexity.", 100 * (kAsGood - 1));
  return fmt::format(
      "The fewest FLOPs within {:.0f} % of the dense perplexity: {} with k = {}, {:.3f} of dense attention's "
      "FLOPs and "
      "{:.2f} of its time.",
      100 * (kAsGood - 1), cheapest->student.attention, cheapest->student.k,
      cheapest->flops / frontier.dense_flops, cheapest->seconds / frontier.dense_seconds);
}

}  // namespace

bool is_distillation(const Config& config) { return config.train.procedure != Procedure::model; }

DistillationOutcome read_distillation(const fs::path& folder) {
  DistillationOutcome outcome;
  outcome.config = read_stored_config(folder);
  const fs::path file = folder / "result.json";
  const nlohmann::ordered_json document = read_json_file(file);
  if (document.is_null())
    throw BadInput(folder.string(),
                   "has not finished: it has no result.json; the same ate train command goes on");
  const JsonValue root(document, file.string());
  outcome.run_id = root.at("run_id").text();
  outcome.result = distillation_from_json(root);
  return outcome;
}

Page distillation_page(const DistillationOutcome& outcome, const fs::path& folder,
                       const nlohmann::ordered_json& environment) {
  Report report = distillation_report(outcome);
  Page page;
  page.title = report.title;
  for (const std::string& fact : report.facts) {
    const size_t colon = fact.find(": ");
    page.facts.push_back(colon == std::string::npos
                             ? PageFact{"corpus", fact}
                             : PageFact{fact.substr(0, colon), fact.substr(colon + 2)});
  }
  for (PageFact& fact : environment_facts(environment)) page.facts.push_back(std::move(fact));
  PageSection models{"models", "Loss and cost"};
  models.caption = outcome.run_id + " \u00b7 " + outcome.config.name;
  if (const auto* const pipeline = std::get_if<PipelineResult>(&outcome.result)) {
    for (const SourceResult& world : pipeline->worlds) {
      page.lead += lead_of_source(world);
      models.pictures.push_back(svg_plot(differences_to_teacher(world)));
    }
  } else {
    const FrontierResult& frontier = std::get<FrontierResult>(outcome.result);
    page.lead = lead_of_frontier(frontier);
    if (const CurvePlot plot = frontier_plot(frontier); !plot.curves.empty())
      models.pictures = {svg_plot(plot)};
  }
  models.tables = {report.tables.front()};
  page.sections.push_back(std::move(models));
  if (!report.notes.empty()) page.sections.push_back({"notes", "What to know", report.notes});
  for (size_t i = 1; i < report.tables.size(); ++i) {
    PageSection more{report.tables[i].name, i == 1 ? "The selector" : "By distance"};
    more.tables = {report.tables[i]};
    page.sections.push_back(std::move(more));
  }
  PageSection again{"again", "Run it again"};
  again.commands = {fmt::format("ate train --config {}/config.json", folder.string())};
  page.sections.push_back(std::move(again));
  page.data = std::move(report.document);
  return page;
}

}  // namespace ate
