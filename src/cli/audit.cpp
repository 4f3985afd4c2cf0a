#include "claims/audit.h"

#include <memory>

#include "cli/checks.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "run/signals.h"
#include "support/error.h"

namespace ate {
namespace {

struct AuditFlags {
  OutputFlags output;
  AuditOptions options;
  std::string out = "tool_outputs";
  bool list = false;
  bool quick = false;
  std::vector<CLI::Option*> runs{};  // the flags that say how claims are checked
};

int audit(const AuditFlags& flags) {
  install_signal_handlers();
  flags.output.start();
  if (flags.quick && flags.options.full)
    throw BadInput("--quick", "says the opposite of --full; give one of them");
  if (flags.list) {
    refuse_given(flags.runs, "--list checks nothing: leave one of the two out");
    flags.output.print(register_report(flags.options.only));
    return static_cast<int>(ExitCode::done);
  }
  AuditOptions options = flags.options;
  options.out = flags.out;
  const std::vector<AuditedClaim> claims = run_audit(options);
  flags.output.print(audit_report(claims, flags.output.for_people()));
  for (const AuditedClaim& audited : claims)
    if (audited.failed) return static_cast<int>(ExitCode::failed);
  return static_cast<int>(ExitCode::done);
}

}  // namespace

void add_audit(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand(
      "audit", "Check the original report's claims one by one, with verdicts and evidence");
  auto flags = std::make_shared<AuditFlags>();
  const char* const group = "Audit";
  command->add_option("--only", flags->options.only, "A claim's id, or its group such as flops; repeatable")
      ->type_name("ID")
      ->type_size(1)
      ->allow_extra_args(false)
      ->check(not_empty())
      ->group(group);
  command->add_flag("--list", flags->list, "The claims, without checking them")->group(group);
  const char* const run = "Run";
  flags->runs = {
      command->add_flag("--quick", flags->quick, "What takes minutes (default)")->group(group),
      command
          ->add_flag("--full", flags->options.full,
                     "More seeds, longer sequences, and bespoke.700: two million training steps")
          ->group(group),
      command->add_option("--device", flags->options.device, "auto (default), cpu, cuda, cuda:N or mps")
          ->type_name("DEVICE")
          ->check(not_empty())
          ->group(run),
      command
          ->add_option("--jobs", flags->options.jobs,
                       "Trials side by side (default: one per core; one on a GPU)")
          ->type_name("N")
          ->check(whole_number(1, 4096))
          ->group(run),
      command->add_option("--out", flags->out, "Folder for the studies' runs (default tool_outputs)")
          ->type_name("DIR")
          ->check(not_empty())
          ->group(run)};
  flags->output.add_to(*command);
  command->footer(
      "Examples:\n"
      "  ate audit                            every claim that can be checked in minutes\n"
      "  ate audit --only flops.1024          one claim\n"
      "  ate audit --only gpt4 --format json  a group, for scripts\n"
      "Exit code 0 when every check ran, whatever it found. Interrupt it at any time: studies are resumed.");
  command->callback([flags, &action] { action = [flags] { return audit(*flags); }; });
}

}  // namespace ate
