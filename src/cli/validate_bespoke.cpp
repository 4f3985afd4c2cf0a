#include <spdlog/spdlog.h>

#include <memory>
#include <optional>

#include "cli/checks.h"
#include "cli/commands.h"
#include "cli/experiment_flags.h"
#include "cli/output.h"
#include "cli/run_flags.h"
#include "report/picture_path.h"
#include "run/signals.h"
#include "study/report.h"
#include "study/study.h"
#include "support/error.h"

namespace ate {
namespace {

struct ValidateFlags {
  ExperimentFlags experiment;
  OutputFlags output;
  RunFlags run;
  int jobs = 0;
  std::string stack = "auto";
  std::string plot;
};

std::optional<SvgFile> plot_file(const std::string& path, const Config& config) {
  if (path.empty()) return std::nullopt;
  SvgFile file("--plot", path);
  if (config.study.arms.size() < 2)
    throw BadInput("--plot " + path, "there is no difference to draw: the study has one arm");
  return file;
}

int validate_bespoke(const ValidateFlags& flags) {
  install_signal_handlers();
  flags.output.start();
  Resolved resolved = flags.experiment.resolve();
  refuse_unread(resolved, {{"/train/", "only ate train reads it: leave it out"}});
  const std::optional<SvgFile> plot = plot_file(flags.plot, resolved.config);
  StudyOptions options;
  options.command = "validate-bespoke";
  options.out = flags.run.out;
  options.fresh = flags.run.fresh;
  options.save_seconds = flags.run.save_seconds;
  options.jobs = flags.jobs;
  options.stack = flags.stack == "auto" ? 0 : std::stoi(flags.stack);

  const StudyOutcome outcome = run_study(std::move(resolved), options);
  flags.output.print(study_report(outcome.result));
  if (plot) plot->write(svg_plot(differences_plot(outcome.result)));
  spdlog::info("{} {}/results_{}.json",
               outcome.part_of_stored ? "no training needed; the whole study stays stored in"
               : outcome.reused       ? "no training needed; stored in"
                                      : "stored in",
               flags.run.out, outcome.result.run_id);
  for (const TrialRecord& trial : outcome.result.trials)
    if (trial.progress.status == TrainingStatus::diverged)
      return static_cast<int>(ExitCode::some_trials_failed);
  return static_cast<int>(ExitCode::done);
}

}  // namespace

void add_validate_bespoke(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand(
      "validate-bespoke", "Train standard against bespoke embeddings from several seeds and compare");
  auto flags = std::make_shared<ValidateFlags>();
  flags->experiment.add_to(*command);
  command
      ->add_option("--jobs", flags->jobs,
                   "Trials side by side (default: one per core, where memory allows; one on a GPU)")
      ->type_name("N")
      ->check(whole_number(1, 4096))
      ->group(kRunGroup);
  command
      ->add_option(
          "--stack", flags->stack,
          "Trials that train in one batched step: a number, or auto (default): on a GPU as many as fit, "
          "else 1; results agree within rounding, not in the same bits")
      ->type_name("N|auto")
      ->check(whole_number_or(1, 4096, "auto"))
      ->group(kRunGroup);
  flags->run.add_to(*command);
  flags->output.add_to(*command, {"arms", "losses", "comparisons", "bands", "loss_by_position", "canaries",
                                  "seed_criteria", "trials"});
  command->add_option("--plot", flags->plot, "Draw the differences with their intervals into a .svg file")
      ->type_name("FILE")
      ->check(not_empty())
      ->group("Output");
  command->footer(
      "Examples:\n"
      "  ate validate-bespoke --preset focused                     ten seeds of each arm, a few seconds\n"
      "  ate validate-bespoke --preset focused --mode published    as the original script ran it\n"
      "  ate validate-bespoke --preset definitive --epochs 3       a taste of the 700-epoch study\n"
      "  ate validate-bespoke --preset focused --plot focused.svg  the differences as a picture too\n"
      "  ate validate-bespoke --preset focused --format csv --table trials  every seed of every arm\n"
      "Interrupt it at any time: the same command goes on where it stopped.\n"
      "\n"
      "Arms, for --arms:\n" +
      arm_rows());
  command->callback([flags, &action] { action = [flags] { return validate_bespoke(*flags); }; });
}

}  // namespace ate
