#include "study/status.h"

#include <unistd.h>

#include <algorithm>
#include <memory>

#include "cli/commands.h"
#include "cli/output.h"
#include "run/signals.h"
#include "support/error.h"

namespace ate {
namespace {

struct StatusFlags {
  OutputFlags output;
  std::vector<std::string> runs;
  bool watch = false;
  bool json = false;
};

std::vector<RunStatus> look(const std::vector<std::string>& names) {
  std::vector<RunStatus> runs;
  for (const std::string& name : names)
    for (const std::filesystem::path& folder : runs_at(name)) runs.push_back(read_status(folder));
  return runs;
}

bool all_done(const std::vector<RunStatus>& runs) {
  return std::all_of(runs.begin(), runs.end(), [](const RunStatus& run) { return run.done && !run.working; });
}

// Until all runs are done. On a terminal each look takes the place of the one before.
void watch(const StatusFlags& flags) {
  install_signal_handlers();
  const bool terminal = isatty(STDOUT_FILENO) == 1;
  std::string shown;
  for (;;) {
    const std::vector<RunStatus> runs = look(flags.runs);
    const Report report = status_report(runs);
    if (terminal) write_stdout("\033[H\033[J");
    if (terminal || report.document.dump() != shown) flags.output.print(report);
    shown = report.document.dump();
    if (all_done(runs) || reader_left()) return;
    wait_between_looks("the runs go on");
  }
}

int status(StatusFlags& flags) {
  if (flags.json) flags.output.choose_json();
  flags.output.start();
  if (flags.watch)
    watch(flags);
  else
    flags.output.print(status_report(look(flags.runs)));
  return static_cast<int>(ExitCode::done);
}

}  // namespace

void add_status(CLI::App& app, Action& action) {
  CLI::App* command =
      app.add_subcommand("status", "How far runs are: trials, who trains them, time left, from files alone");
  auto flags = std::make_shared<StatusFlags>();
  command
      ->add_option("RUN", flags->runs,
                   "Runs' folders, such as tool_outputs/runs/ID, or folders of --out with all their runs")
      ->type_name("DIR...")
      ->required();
  command->add_flag("--watch", flags->watch, "Look again every two seconds until all runs are done");
  CLI::Option* const json = command->add_flag("--json", flags->json, "The same as --format json");
  flags->output.add_to(*command, {"runs", "running"});
  json->excludes(command->get_option("--format"));
  command->footer(
      "From any terminal, and from any machine that sees the folder. Nothing is locked or written.\n"
      "Examples:\n"
      "  ate status tool_outputs\n"
      "  ate status tool_outputs/runs/<id> --watch");
  command->callback([flags, &action] { action = [flags] { return status(*flags); }; });
}

}  // namespace ate
