#include "pipeline/pipeline.h"

#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>

#include "config/fields.h"
#include "config/json.h"
#include "pipeline/single.h"
#include "pipeline/stored_report.h"
#include "pipeline/tables.h"
#include "run/environment.h"
#include "run/signals.h"
#include "support/files.h"
#include "train/device.h"

namespace ate {
namespace {

using Json = nlohmann::ordered_json;

// Students read at least an eighth of the window: the seed's k = 3 is kept for its own head.
WorldResult run_world(const World& world, double save_seconds) {
  WorldResult out;
  out.world = world.name;
  out.config = world.config;
  out.floor = world.source->entropy();
  out.head = train_head(world, save_seconds);
  const int64_t k = std::max(world.config.attention.k, world.config.windows.length / 8);
  for (const AttentionKind kind : world.config.train.kinds)
    if (kind != AttentionKind::dense)
      out.students.push_back(train_student(world, std::string(enum_name(kind)) + "-k" + std::to_string(k),
                                           student_attention(world, kind, k), save_seconds));
  return out;
}

std::string source_name(const Config& config) {
  const SourceConfig& source = config.source;
  return source.kind == SourceKind::zipf_iid && source.exponent == 0 ? "random" : enum_name(source.kind);
}

Report run_pipeline_procedure(const Config& config, at::Device device, const std::shared_ptr<RunFolder>& run,
                              const PipelineOptions& options) {
  std::vector<WorldResult> worlds;
  worlds.push_back(run_world(make_world(source_name(config), config, device, run, options.save_seconds),
                             options.save_seconds));
  if (config.train.recall_epochs > 0 && config.source.kind != SourceKind::recall) {
    const auto second = std::make_shared<RunFolder>(options.out, run->id() + "-recall", options.fresh);
    worlds.push_back(
        run_world(make_world("recall", recall_config(config), device, second, options.save_seconds),
                  options.save_seconds));
  }
  return pipeline_report(run->id(), worlds);
}

// What would only show when a model is built, before anything is written.
void check_models(const Config& config) {
  const int64_t seed = config.study.seeds.front();
  plan_embedding(config, config.study.arms.front(), make_corpus(config.source, seed), seed);
  if (config.train.procedure != Procedure::pipeline || config.train.recall_epochs == 0) return;
  const std::vector<Problem> problems = check_config(recall_config(config));
  if (!problems.empty())
    throw BadInput("/train/recall_epochs", "the recall source does not fit: " + problems.front().what +
                                               "; or set train.recall_epochs=0");
}

}  // namespace

PipelineOutcome run_pipeline(Resolved resolved, const PipelineOptions& options) {
  keep_one_model(resolved);
  Config& config = resolved.config;
  const at::Device device = [&] {
    try {
      check_models(config);
      return choose_device(config.device);
    } catch (const BadInput& error) {
      throw resolved.blame(error);
    }
  }();
  config.device = device.str();
  at::set_num_threads(1);

  const std::string id = fmt::format("{}-{}-{}-{}-s{}", options.command, config.name, experiment_hash(config),
                                     enum_name(config.study.arms.front()), config.study.seeds.front());
  const auto run = std::make_shared<RunFolder>(options.out, id, options.fresh);
  PipelineOutcome outcome;
  std::optional<Report> stored;
  if (run->done() && !options.plot) stored = read_report(run->folder() / "report.json");
  if (stored) {
    outcome.report = *std::move(stored);
    outcome.complete = true;
    if (!run->holds(outcome.report.document)) run->finish(outcome.report.document);
    spdlog::info("no training needed; stored in {}", run->folder().string());
    return outcome;
  }
  run->write_json("config.json", write_config(config));
  run->write_json("environment.json", describe_environment(config.device, 1));
  run->event({{"event", "started"}});
  try {
    if (config.train.procedure == Procedure::frontier) {
      const World world = make_world(source_name(config), config, device, run, options.save_seconds);
      const FrontierResult frontier = run_frontier(world, options.save_seconds);
      outcome.report = frontier_report(id, config, frontier);
      outcome.plot = frontier_plot(frontier);
    } else {
      outcome.report = run_pipeline_procedure(config, device, run, options);
    }
  } catch (const StageStopped&) {
    outcome.stop_signal = stop_signal();
    run->event({{"event", "interrupted"}, {"signal", outcome.stop_signal}});
    return outcome;
  }
  run->write_json("report.json", report_to_json(outcome.report));
  run->finish(outcome.report.document);
  run->event({{"event", "finished"}});
  outcome.complete = true;
  return outcome;
}

}  // namespace ate
