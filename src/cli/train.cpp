#include <spdlog/spdlog.h>

#include <memory>
#include <optional>

#include "cli/checks.h"
#include "cli/commands.h"
#include "cli/experiment_flags.h"
#include "cli/output.h"
#include "cli/run_flags.h"
#include "distil/report.h"
#include "run/signals.h"
#include "study/single_model.h"
#include "study/study.h"
#include "support/error.h"

namespace ate {
namespace {

struct Flags {
  ExperimentFlags experiment;
  OutputFlags output;
  RunFlags run;
  std::string evaluate;
  std::string export_to;
  std::string plot;
};

// The config given on the command line, else that of the run folder which the checkpoint lies in.
int evaluate(const Flags& flags, Format format) {
  const std::string flag = "--evaluate";
  StoredModel stored = find_model(flag, flags.evaluate);
  if (flags.experiment.given()) stored.resolved = flags.experiment.resolve();
  if (!stored.resolved)
    throw BadInput(flag + " " + flags.evaluate,
                   "lies in no run folder with a config.json; give --preset or --config too");
  const EvaluatedModel model = evaluate_model(flag, flags.evaluate, *stored.resolved, stored.id);
  if (!flags.export_to.empty())
    export_model(flag, flags.evaluate, *stored.resolved, stored.id, flags.export_to);
  write_stdout(render(model_report(model.config, "", model.record, model.floor, flags.evaluate), format));
  return static_cast<int>(ExitCode::done);
}

int train_model(const Flags& flags, Resolved resolved, Format format) {
  resolved.keep_one_model();
  StudyOptions options;
  options.command = "train";
  options.jobs = 1;
  options.out = flags.run.out;
  options.fresh = flags.run.fresh;
  options.save_seconds = flags.run.save_seconds;
  const StudyOutcome outcome = run_study(resolved, options);
  const StudyResult& result = outcome.result;
  const TrialRecord& record = result.trials.front();
  const auto checkpoint = std::filesystem::path(flags.run.out) / "runs" / result.run_id / "checkpoint" /
                          (record.id.text() + ".safetensors");
  if (!flags.export_to.empty()) export_model("--export", checkpoint, resolved, record.id, flags.export_to);
  write_stdout(render(model_report(result.config, result.run_id, record, result.floor, checkpoint), format));
  spdlog::info("{} {}", outcome.reused ? "no training needed; stored in" : "stored in", checkpoint.string());
  return static_cast<int>(record.progress.status == TrainingStatus::diverged ? ExitCode::some_trials_failed
                                                                          : ExitCode::done);
}

int train(const Flags& flags) {
  install_signal_handlers();
  const Format format = flags.output.format();
  flags.output.set_up_log();
  if (!flags.evaluate.empty()) return evaluate(flags, format);
  Resolved resolved = flags.experiment.resolve();
  const Procedure procedure = resolved.config.train.procedure;
  if (procedure != Procedure::model && !flags.export_to.empty())
    throw BadInput("--export",
                   "is for a single model: set train.procedure=model, or use --evaluate CHECKPOINT");
  if (procedure != Procedure::frontier && !flags.plot.empty())
    throw BadInput("--plot",
                   "draws a frontier: set train.procedure=frontier or use --preset sparse-frontier");
  if (procedure == Procedure::model) return train_model(flags, std::move(resolved), format);

  std::optional<PlotFile> plot;
  if (!flags.plot.empty()) plot.emplace("--plot", flags.plot);
  DistillationOptions options;
  options.out = flags.run.out;
  options.fresh = flags.run.fresh;
  options.save_seconds = flags.run.save_seconds;
  const DistillationOutcome outcome = run_distillation(std::move(resolved), options);
  write_stdout(render(distillation_report(outcome), format));
  if (plot) plot->draw(frontier_plot(std::get<FrontierResult>(outcome.result)));
  return static_cast<int>(failures(outcome.result).empty() ? ExitCode::done : ExitCode::some_trials_failed);
}

}  // namespace

void add_train(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand(
      "train", "Train one model, or a dense teacher and the sparse attention that is to replace it");
  auto flags = std::make_shared<Flags>();
  flags->experiment.add_to_single(*command);
  command
      ->add_option(
          "--evaluate", flags->evaluate,
          "Score this checkpoint on its validation part; the config is its run folder's unless given")
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
  flags->output.add_to(*command);
  command->add_option("--plot", flags->plot, "Draw the frontier into a .svg or .png file")
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
      "Interrupt it at any time: the same command goes on where it stopped.");
  command->callback([flags, &action] { action = [flags] { return train(*flags); }; });
}

}  // namespace ate
