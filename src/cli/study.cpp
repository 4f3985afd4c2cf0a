#include "study/study.h"

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
#include "study/tuning_report.h"
#include "support/error.h"

namespace ate {
namespace {

struct StudyFlags {
  ExperimentFlags experiment;
  OutputFlags output;
  RunFlags run;
  int jobs = 0;
  std::string stack = "auto";
  std::string plot;
  std::string plot_tuning;
  std::string until;
  int64_t max_seeds = 0;
};

std::optional<SvgFile> plot_file(const std::string& path, const Config& config) {
  if (path.empty()) return std::nullopt;
  SvgFile file("--plot", path);
  if (config.study.arms.size() < 2)
    throw BadInput("--plot " + path, "there is no difference to draw: the study has one arm");
  return file;
}

int run(const StudyFlags& flags, const std::string& command) {
  install_signal_handlers();
  flags.output.start();
  Resolved resolved = flags.experiment.resolve();
  refuse_unread(resolved, {{"/train/", "only ate train reads it: leave it out"}});
  const std::optional<SvgFile> plot = plot_file(flags.plot, resolved.config);
  std::optional<SvgFile> tuning_plot_file;
  if (!flags.plot_tuning.empty()) {
    if (resolved.config.study.tune.axes.empty())
      throw BadInput("--plot-tuning " + flags.plot_tuning,
                     "nothing is tuned: give --tune or study.tune.axes");
    tuning_plot_file.emplace("--plot-tuning", flags.plot_tuning);
  }
  StudyOptions options;
  options.command = command;
  options.out = flags.run.out;
  options.fresh = flags.run.fresh;
  options.save_seconds = flags.run.save_seconds;
  options.silence = flags.run.silence;
  options.jobs = flags.jobs;
  options.stack = flags.stack == "auto" ? 0 : std::stoi(flags.stack);
  options.max_seeds = flags.max_seeds;

  const StudyOutcome outcome = run_study(std::move(resolved), options);
  flags.output.print(study_report(outcome.result));
  if (plot) plot->write(svg_plot(differences_plot(outcome.result)));
  if (tuning_plot_file) tuning_plot_file->write(svg_plot(tuning_plot(*outcome.result.tuning)));
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

// What the two commands share, but for the flags of the experiment.
void add_flags(CLI::App* command, StudyFlags* flags) {
  add_jobs(*command, flags->jobs);
  command
      ->add_option(
          "--stack", flags->stack,
          "Trials that train in one batched step: a number, or auto (default): on a GPU as many as fit, "
          "else 1; results agree within rounding, not in the same bits")
      ->type_name("N|auto")
      ->check(whole_number_or(1, 4096, "auto"))
      ->group(kRunGroup);
  flags->run.add_to(*command);
  flags->output.add_to(*command, {"arms", "losses", "best", "comparisons", "costs", "tuning", "common_points",
                                  "bands", "loss_by_position", "canaries", "seed_criteria", "trials"});
  command->add_option("--plot", flags->plot, "Draw the differences with their intervals into a .svg file")
      ->type_name("FILE")
      ->check(not_empty())
      ->group("Output");
}

}  // namespace

void add_validate_bespoke(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand(
      "validate-bespoke", "Train standard against bespoke embeddings from several seeds and compare");
  auto flags = std::make_shared<StudyFlags>();
  flags->experiment.add_to(*command);
  add_flags(command, flags.get());
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
  command->callback([flags, &action] { action = [flags] { return run(*flags, "validate-bespoke"); }; });
}

void add_study(CLI::App& app, Action& action) {
  CLI::App* command =
      app.add_subcommand("study", "Compare arms of your own: any settings, tuned alike, at equal cost");
  auto flags = std::make_shared<StudyFlags>();
  flags->experiment.add_to_study(*command);
  CLI::Option* const until = command
                                 ->add_option("--until", flags->until,
                                              "decided: add seeds, one by one, until every comparison has a "
                                              "verdict, which takes 10 seeds, or there "
                                              "are --max-seeds")
                                 ->type_name("decided")
                                 ->check(CLI::IsMember({"decided"}).description(""))
                                 ->group(kRunGroup);
  CLI::Option* const most =
      command->add_option("--max-seeds", flags->max_seeds, "Most seeds that --until goes to")
          ->type_name("N")
          ->check(whole_number(2, 1'000'000))
          ->group(kRunGroup);
  command
      ->add_option("--plot-tuning", flags->plot_tuning,
                   "Draw the curves of tuning, loss over the first axis, into a .svg file")
      ->type_name("FILE")
      ->check(not_empty())
      ->group("Output");
  until->needs(most);
  most->needs(until);
  add_flags(command, flags.get());
  command->footer(
      "Examples:\n"
      "  ate study --preset focused --until decided --max-seeds 40\n"
      "                                                          more seeds while they are needed\n"
      "  ate study --config widths.json                          arms, tuning and budget from a file\n"
      "  ate study --preset focused --arm wide:body.width=128      against the preset's baseline\n"
      "  ate study --preset focused --arms tied --arm wide:body.width=128\n"
      "                                                          against another baseline\n"
      "  ate study --preset focused --tune optimiser.learning_rate=3e-4,1e-3,3e-3\n"
      "                                                          each arm at its own best rate\n"
      "  ate study --preset focused --set study.budget=flops     at equal floating-point operations\n"
      "A file may extend a preset and list arms with what each sets: docs/studies.md.\n"
      "Interrupt it at any time: the same command goes on where it stopped.\n"
      "\n"
      "Kinds of embedding, each an arm by its name:\n" +
      arm_rows());
  command->callback([flags, &action] { action = [flags] { return run(*flags, "study"); }; });
}

}  // namespace ate
