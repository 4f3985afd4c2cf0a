#include <spdlog/spdlog.h>

#include <memory>
#include <optional>

#include "cli/checks.h"
#include "cli/commands.h"
#include "cli/evaluate.h"
#include "cli/experiment_flags.h"
#include "cli/output.h"
#include "cli/run_flags.h"
#include "distil/report.h"
#include "report/picture_path.h"
#include "run/signals.h"
#include "study/best_epoch.h"
#include "study/single_model.h"
#include "study/study.h"
#include "support/error.h"

namespace ate {
namespace {

struct TrainFlags {
  ExperimentFlags experiment;
  OutputFlags output;
  RunFlags run;
  std::string evaluate;
  std::string export_to;
  std::string plot;
};

int evaluate(const TrainFlags& flags) {
  const std::string address = "--evaluate " + flags.evaluate;
  flags.run.refuse("--evaluate trains and stores nothing: leave one of the two out");
  if (!flags.plot.empty())
    throw BadInput("--plot", "draws a frontier, and --evaluate scores one model: leave it out");
  const StoredModel stored = find_model("--evaluate", flags.evaluate);
  const Resolved resolved = evaluated_config(flags.experiment, stored, address);
  const EvaluatedModel model = evaluate_model("--evaluate", flags.evaluate, resolved, stored.id);
  if (!flags.export_to.empty())
    export_model("--evaluate", flags.evaluate, resolved, stored.id, flags.export_to);
  Report report = model_report(model.config, "", model.record, model.floor, flags.evaluate);
  add_best_epoch(report, stored.progress.evaluations);
  flags.output.print(std::move(report));
  return static_cast<int>(ExitCode::done);
}

int train_model(const TrainFlags& flags, Resolved resolved) {
  resolved.keep_one_model();
  StudyOptions options;
  options.command = "train";
  options.jobs = 1;
  options.out = flags.run.out;
  options.fresh = flags.run.fresh;
  options.save_seconds = flags.run.save_seconds;
  options.silence = flags.run.silence;
  const StudyOutcome outcome = run_study(resolved, options);
  const StudyResult& result = outcome.result;
  const TrialRecord& record = result.trials.front();
  const auto checkpoint = std::filesystem::path(flags.run.out) / "runs" / result.run_id / "checkpoint" /
                          (record.id.file() + ".safetensors");
  if (!flags.export_to.empty()) export_model("--export", checkpoint, resolved, record.id, flags.export_to);
  Report report = model_report(result.config, result.run_id, record, result.floor, checkpoint);
  add_best_epoch(report, record.progress.evaluations);
  flags.output.print(std::move(report));
  spdlog::info("{} {}", outcome.reused ? "no training needed; stored in" : "stored in", checkpoint.string());
  return static_cast<int>(record.progress.status == TrainingStatus::diverged ? ExitCode::some_trials_failed
                                                                             : ExitCode::done);
}

int train(const TrainFlags& flags) {
  install_signal_handlers();
  flags.output.start();
  if (!flags.evaluate.empty()) return evaluate(flags);
  Resolved resolved = flags.experiment.resolve();
  const Procedure procedure = resolved.config.train.procedure;
  const std::string compares = "only a study compares arms: leave it out, or use ate study";
  refuse_unread(resolved, {{"/study/margin", compares},
                           {"/study/budget", compares},
                           {"/study/looks", compares},
                           {"/study/tune/", compares},
                           {"/seed_criteria/", compares},
                           {"/published_result/", compares}});
  if (procedure != Procedure::model && !flags.export_to.empty())
    throw BadInput("--export",
                   "is for a single model: set train.procedure=model, or use --evaluate CHECKPOINT");
  if (procedure != Procedure::frontier && !flags.plot.empty())
    throw BadInput("--plot",
                   "draws a frontier: set train.procedure=frontier or use --preset sparse-frontier");
  if (procedure == Procedure::model) {
    refuse_unread(resolved, {{"/train/",
                              "only the procedures pipeline and frontier read it: leave it out, or set "
                              "train.procedure",
                              "/train/procedure"}});
    return train_model(flags, std::move(resolved));
  }

  std::optional<SvgFile> plot;
  if (!flags.plot.empty()) plot.emplace("--plot", flags.plot);
  DistillationOptions options;
  options.out = flags.run.out;
  options.fresh = flags.run.fresh;
  options.save_seconds = flags.run.save_seconds;
  options.silence = flags.run.silence;
  const DistillationOutcome outcome = run_distillation(std::move(resolved), options);
  flags.output.print(distillation_report(outcome));
  if (plot) plot->write(svg_plot(frontier_plot(std::get<FrontierResult>(outcome.result))));
  return static_cast<int>(failures(outcome.result).empty() ? ExitCode::done : ExitCode::some_trials_failed);
}

}  // namespace

void add_train(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand(
      "train", "Train one model, or a dense teacher and the sparse attention that is to replace it");
  auto flags = std::make_shared<TrainFlags>();
  flags->experiment.add_to_single(*command);
  command
      ->add_option(
          "--evaluate", flags->evaluate,
          "Score this checkpoint on its validation part; the config is its run folder's, with --set above it")
      ->type_name("CHECKPOINT")
      ->check(not_empty())
      ->group(kRunGroup);
  command
      ->add_option("--export", flags->export_to,
                   "Write the parameters alone into a safetensors file, docs/checkpoints.md")
      ->type_name("FILE")
      ->check(not_empty())
      ->group(kRunGroup);
  flags->run.add_to(*command);
  flags->output.add_to(*command, {"model", "models", "selectors", "distances", "frontier"});
  command->add_option("--plot", flags->plot, "Draw the frontier into an .svg file")
      ->type_name("FILE")
      ->check(not_empty())
      ->group("Output");
  command->footer(
      "Examples:\n"
      "  ate train --preset medium --arm bespoke --epochs 2             one model\n"
      "  ate train --preset medium --set attention.kind=lowrank_topk    with sparse attention\n"
      "  ate train --evaluate tool_outputs/runs/RUN/checkpoint/standard-s0.safetensors\n"
      "  ate train --preset sparse                                      teacher, selector, approximator, "
      "hybrid\n"
      "  ate train --preset sparse-frontier --plot frontier.svg         every kind and k\n"
      "Interrupt it at any time: the same command goes on where it stopped.\n"
      "\n"
      "Kinds of embedding, for --arm:\n" +
      arm_rows() +
      "\n"
      "Kinds of attention, for --set attention.kind=KIND:\n" +
      attention_rows());
  command->callback([flags, &action] { action = [flags] { return train(*flags); }; });
}

}  // namespace ate
