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
  bool schema = false;
  bool quick = false;
  std::vector<CLI::Option*> chooses{};  // the flags that say which claims
  std::vector<CLI::Option*> runs{};     // the flags that say how claims are checked
};

int audit(const AuditFlags& flags) {
  install_signal_handlers();
  flags.output.start();
  if (flags.schema) {
    std::vector<CLI::Option*> others = flags.runs;
    others.insert(others.end(), flags.chooses.begin(), flags.chooses.end());
    refuse_given(others, "--claims-schema prints the schema alone: leave one of the two out");
    write_stdout(claims_schema().dump(2) + "\n");
    return static_cast<int>(ExitCode::done);
  }
  if (flags.quick && flags.options.full)
    throw BadInput("--quick", "says the opposite of --full; give one of them");
  if (flags.list) {
    refuse_given(flags.runs, "--list checks nothing: leave one of the two out");
    flags.output.print(register_report(audited_register(flags.options), flags.options.only));
    return static_cast<int>(ExitCode::done);
  }
  AuditOptions options = flags.options;
  options.out = flags.out;
  const Register claims = audited_register(options);
  const std::vector<AuditedClaim> audited = run_audit(claims, options);
  flags.output.print(audit_report(claims, audited, flags.output.for_people()));
  for (const AuditedClaim& claim : audited)
    if (claim.failed) return static_cast<int>(ExitCode::failed);
  return static_cast<int>(ExitCode::done);
}

}  // namespace

void add_audit(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand(
      "audit",
      "Check claims one by one, the original report's or those of a file, with verdicts and evidence");
  auto flags = std::make_shared<AuditFlags>();
  const char* const group = "Audit";
  flags->chooses = {
      command
          ->add_option("--claims", flags->options.claims_file,
                       "JSON file with the claims of any paper (default: those of the original report)")
          ->type_name("FILE")
          ->check(not_empty())
          ->group(group),
      command
          ->add_option("--only", flags->options.only, "A claim's id, or its group such as flops; repeatable")
          ->type_name("ID")
          ->type_size(1)
          ->allow_extra_args(false)
          ->check(not_empty())
          ->group(group),
      command->add_flag("--list", flags->list, "The claims, without checking them")->group(group)};
  command->add_flag("--claims-schema", flags->schema, "JSON Schema of claims files, for editors")
      ->group(group);
  const char* const run = "Run";
  flags->runs = {
      command->add_flag("--quick", flags->quick, "What takes minutes (default)")->group(group),
      command
          ->add_flag("--full", flags->options.full,
                     "More seeds, longer sequences, and the first epochs of bespoke.700: 64,000 steps")
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
      "  ate audit --claims paper.json        the claims of another paper\n"
      "Exit code 0 when every check ran, whatever it found. Interrupt it at any time: studies are resumed.");
  command->callback([flags, &action] { action = [flags] { return audit(*flags); }; });
}

}  // namespace ate
