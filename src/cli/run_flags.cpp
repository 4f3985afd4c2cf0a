#include "cli/run_flags.h"

#include "cli/checks.h"

namespace ate {

void RunFlags::add_to(CLI::App& command) {
  options_ = {
      command.add_option("--out", out, "Folder for results, progress files and runs (default tool_outputs)")
          ->type_name("DIR")
          ->check(not_empty()),
      command.add_flag("--fresh", fresh, "Start over; an old run of the same settings is moved aside"),
      add_save_every(command, save_seconds),
      command
          .add_option("--lease", silence,
                      "Seconds that a silent process keeps what it has taken of a run; then another takes it "
                      "over (default 120)")
          ->type_name("SECONDS")
          ->check(number(1, 1'000'000))};
  for (CLI::Option* option : options_) option->group(kRunGroup);
}

void RunFlags::refuse(const std::string& why) const { refuse_given(options_, why); }

void add_jobs(CLI::App& command, int& jobs) {
  command
      .add_option("--jobs", jobs,
                  "Trials side by side (default: one per core, where memory allows; one on a GPU)")
      ->type_name("N")
      ->check(whole_number(1, 4096))
      ->group(kRunGroup);
}

CLI::Option* add_save_every(CLI::App& command, double& seconds) {
  return command
      .add_option("--save-every", seconds, "Most seconds between two checkpoints of a trial (default 30)")
      ->type_name("SECONDS")
      ->check(number(0, 1'000'000))
      ->group(kRunGroup);
}

}  // namespace ate
