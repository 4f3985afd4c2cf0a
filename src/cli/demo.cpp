#include "distil/demo.h"

#include <memory>

#include "cli/checks.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "run/signals.h"
#include "support/error.h"

namespace ate {
namespace {

struct DemoFlags {
  OutputFlags output;
  DemoOptions options;
  std::string out = "tool_outputs";
};

int demo(const DemoFlags& flags) {
  install_signal_handlers();
  flags.output.start();
  DemoOptions options = flags.options;
  options.out = flags.out;
  const DemoOutcome outcome = run_demo(options);
  if (flags.output.format() == Format::table)
    write_stdout(outcome.text);
  else
    flags.output.print(outcome.report);
  return static_cast<int>(ExitCode::done);
}

}  // namespace

void add_demo(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand(
      "demo", "Both claims in under a minute, each number explained, and what to run next");
  auto flags = std::make_shared<DemoFlags>();
  const char* const run = "Run";
  command->add_option("--device", flags->options.device, "auto (default), cpu, cuda, cuda:N or mps")
      ->type_name("DEVICE")
      ->check(not_empty())
      ->group(run);
  command->add_option("--out", flags->out, "Folder for the runs and the picture (default tool_outputs)")
      ->type_name("DIR")
      ->check(not_empty())
      ->group(run);
  flags->output.add_to(*command);
  command->callback([flags, &action] { action = [flags] { return demo(*flags); }; });
}

}  // namespace ate
