#include <fmt/format.h>

#include <filesystem>
#include <memory>

#include "cli/checks.h"
#include "cli/commands.h"
#include "cli/experiment_flags.h"
#include "cli/output.h"
#include "export/source_report.h"
#include "support/error.h"
#include "support/files.h"
#include "train/schedule.h"

namespace ate {
namespace {

namespace fs = std::filesystem;

struct SourceFlags {
  ExperimentFlags experiment;
  OutputFlags output;
  std::string out;
  int64_t windows = 3;
};

TrialSource open_trial(const SourceFlags& flags) {
  const Resolved resolved = flags.experiment.resolve();
  const std::string trains = "a source is written, and nothing is trained: leave it out";
  refuse_unread(resolved,
                {{"/device", trains}, {"/dtype", trains}, {"/kernels", trains}, {"/train/", trains}});
  const Config& config = resolved.config;
  try {
    return {config, {config.study.arms.front(), config.study.seeds.front()}};
  } catch (const BadInput& error) {
    throw resolved.blame(error);
  }
}

int show(const SourceFlags& flags) {
  flags.output.start();
  flags.output.print(source_report(open_trial(flags), flags.windows));
  return static_cast<int>(ExitCode::done);
}

int write(const SourceFlags& flags) {
  flags.output.start();
  const fs::path folder(flags.out);
  std::error_code ignored;
  if (fs::exists(folder, ignored))
    throw BadInput("--out " + flags.out, "is there already: name a new folder");
  const TrialSource trial = open_trial(flags);
  // A folder that is there is whole.
  const fs::path unfinished = fs::absolute(folder).lexically_normal().string() + ".tmp";
  fs::remove_all(unfinished, ignored);
  make_folders(unfinished);
  try {
    const auto written = write_source(trial, evaluation_draws(trial.config), unfinished);
    fs::rename(unfinished, fs::absolute(folder).lexically_normal());
    flags.output.print(files_report(trial, written, folder));
  } catch (...) {
    fs::remove_all(unfinished, ignored);
    throw;
  }
  return static_cast<int>(ExitCode::done);
}

}  // namespace

void add_source(CLI::App& app, Action& action) {
  CLI::App* command =
      app.add_subcommand("source", "What a model reads: show a source, or write it for other programs");
  command->require_subcommand(1);

  auto shown = std::make_shared<SourceFlags>();
  CLI::App* show_command = command->add_subcommand(
      "show", "What is known of a source's law, its frequency bands, and a few windows");
  shown->experiment.add_to_single(*show_command);
  show_command->add_option("--windows", shown->windows, "Training windows to show (default 3)")
      ->type_name("N")
      ->check(CLI::Range(int64_t{0}, int64_t{1000}).description(""))
      ->group("Output");
  shown->output.add_to(*show_command, {"facts", "bands", "windows"});
  show_command->footer(
      "Examples:\n"
      "  ate source show --preset medium\n"
      "  ate source show --preset medium --set source.kind=mqar --windows 1\n"
      "  ate source show --preset medium --format jsonl --table windows");
  show_command->callback([shown, &action] { action = [shown] { return show(*shown); }; });

  auto written = std::make_shared<SourceFlags>();
  CLI::App* write_command = command->add_subcommand("write",
                                                    "Write corpus, split, windows in training order, "
                                                    "evaluation windows, answers and the law's conditionals");
  written->experiment.add_to_single(*write_command);
  write_command->add_option("--out", written->out, "Folder to write, which must not be there")
      ->type_name("DIR")
      ->required()
      ->check(not_empty())
      ->group("Output");
  written->output.add_to(*write_command);
  write_command->footer(
      "Examples:\n"
      "  ate source write --preset medium --seed 3 --out medium-s3\n"
      "  ate source write --config tool_outputs/runs/RUN/config.json --arm bespoke --out RUN-source\n"
      "The files are arrays that numpy.load reads; source.json says what each is: docs/sources.md.");
  write_command->callback([written, &action] { action = [written] { return write(*written); }; });
}

}  // namespace ate
