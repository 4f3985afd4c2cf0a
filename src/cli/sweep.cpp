#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <charconv>
#include <filesystem>
#include <memory>

#include "cli/checks.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "cli/run_flags.h"
#include "run/environment.h"
#include "run/signals.h"
#include "support/error.h"
#include "sweep/listing.h"
#include "sweep/report.h"
#include "sweep/run_sweep.h"
#include "sweep/slurm.h"

namespace ate {
namespace {

namespace fs = std::filesystem;

struct SweepFlags {
  OutputFlags output;
  std::string program;
  std::string file;
  std::string out = "tool_outputs";
  double save_seconds = 30;
  int jobs = 0;
  int64_t max_fails = 0;
  std::string shard;
  std::string emit;
  std::string executor = "local";
  bool fresh = false;
  bool watch = false;
};

// "2/8" as shard 2, of 0 to 7.
Shard parse_shard(const std::string& text) {
  Shard shard;
  if (text.empty()) return shard;
  const size_t slash = text.find('/');
  const auto number = [&](size_t from, size_t to, size_t& value) {
    const auto [rest, error] = std::from_chars(text.data() + from, text.data() + to, value);
    return from < to && error == std::errc() && rest == text.data() + to;
  };
  if (slash == std::string::npos || !number(0, slash, shard.index) ||
      !number(slash + 1, text.size(), shard.count) || shard.index >= shard.count)
    throw BadInput("--shard " + text, "expected I/N with I from 0 to N - 1, such as 0/4");
  return shard;
}

int run_plan(const SweepFlags& flags) {
  flags.output.start();
  const Sweep sweep = read_sweep(flags.file);
  const std::vector<SweepJob> jobs = sweep_jobs(sweep);
  flags.output.print(sweep_plan_report(sweep, jobs, sweep_costs(sweep, jobs, true), flags.out));
  return static_cast<int>(ExitCode::done);
}

// The file and folder of the command in a script, which may run elsewhere and later.
SweepCommand command_for(const SweepFlags& flags) {
  std::error_code error;
  fs::path program = fs::read_symlink("/proc/self/exe", error);
  if (error) program = fs::absolute(flags.program);
  SweepCommand command{
      program.string(), fs::absolute(flags.file).string(), fs::absolute(flags.out).string(), {}};
  if (flags.save_seconds != 30) command.flags = {"--save-every", fmt::format("{}", flags.save_seconds)};
  return command;
}

// A script in place of a run: printed, or given to sbatch.
int hand_over(const SweepFlags& flags, const Sweep& sweep, const std::vector<SweepJob>& jobs) {
  if (!flags.shard.empty())
    throw BadInput("--shard " + flags.shard, "the script makes its own shards: leave it out");
  if (flags.max_fails > 0)
    throw BadInput("--max-fails", "tasks of a script do not know of each other: leave it out");
  (void)sweep_costs(sweep, jobs, false);  // what would only show in a task
  const auto all = static_cast<int64_t>(jobs.size());
  const SweepCommand command = command_for(flags);
  if (flags.emit == "parallel") {
    write_stdout(parallel_script(sweep.name, command, all, flags.jobs > 0 ? flags.jobs : usable_cores()));
    return static_cast<int>(ExitCode::done);
  }
  if (flags.jobs > 0) throw BadInput("--jobs", "slurm.cpus of the sweep file says it: leave it out");
  const int64_t tasks = sweep.slurm.tasks > 0 ? std::min(sweep.slurm.tasks, all) : all;
  const std::string script = slurm_script(sweep.name, command, sweep.slurm, tasks);
  if (flags.executor == "slurm") {
    const fs::path folder = fs::path(command.out) / "slurm";
    write_stdout(submit_to_slurm(script, (folder / (sweep.name + ".sbatch")).string()) + "\n");
    spdlog::info("an array of {} tasks; ate sweep status {} shows how far they are", tasks, flags.out);
  } else {
    write_stdout(script);
  }
  return static_cast<int>(ExitCode::done);
}

int run_jobs(const SweepFlags& flags, bool only_failed) {
  install_signal_handlers();
  flags.output.start();
  if (!flags.emit.empty() && flags.executor != "local")
    throw BadInput("--emit " + flags.emit, "prints the script, --executor submits it: give one of them");
  const Sweep sweep = read_sweep(flags.file);
  SweepOptions options;
  options.shard = parse_shard(flags.shard);
  const std::vector<SweepJob> jobs = sweep_jobs(sweep);
  if (!flags.emit.empty() || flags.executor == "slurm") return hand_over(flags, sweep, jobs);
  if (only_failed) (void)read_listings(flags.out);  // a folder without a sweep is a mistaken --out
  options.out = flags.out;
  options.jobs = flags.jobs;
  options.save_seconds = flags.save_seconds;
  options.max_fails = flags.max_fails;
  options.only_failed = only_failed;
  options.fresh = flags.fresh;
  const SweepOutcome outcome = run_sweep(sweep, jobs, options);
  flags.output.print(sweep_status(flags.out).report);
  spdlog::info(
      "{} finished, {} before, {} failed{}; ate sweep collect {} prints their table", outcome.finished,
      outcome.found, outcome.failed,
      outcome.left > 0 ? fmt::format(", {} {}", outcome.left, only_failed ? "left alone" : "not begun") : "",
      flags.out);
  return static_cast<int>(outcome.failed > 0 ? ExitCode::some_trials_failed : ExitCode::done);
}

int run_status(const SweepFlags& flags) {
  install_signal_handlers();
  flags.output.start();
  while (true) {
    SweepStatus status = sweep_status(flags.out);
    const bool screen = flags.watch && isatty(STDOUT_FILENO) == 1;
    if (screen) write_stdout("\033[H\033[J");
    flags.output.print(std::move(status.report));
    if (!flags.watch || !status.open || reader_left()) return static_cast<int>(ExitCode::done);
    wait_between_looks("nothing was running here");
  }
}

int run_collect(const SweepFlags& flags) {
  flags.output.start();
  flags.output.print(sweep_table(flags.out));
  return static_cast<int>(ExitCode::done);
}

void add_file(CLI::App* command, SweepFlags* flags) {
  command
      ->add_option("FILE", flags->file,
                   "The sweep: a config with a grid, list or random draws (docs/sweeps.md)")
      ->type_name("")
      ->required();
  command->add_option("--out", flags->out, "Folder of the sweep's runs (default tool_outputs)")
      ->type_name("DIR")
      ->check(not_empty())
      ->group(kRunGroup);
}

void add_folder(CLI::App* command, SweepFlags* flags) {
  command->add_option("DIR", flags->out, "Folder of the sweep's runs (default tool_outputs)")->type_name("");
}

void add_job_flags(CLI::App* command, SweepFlags* flags) {
  add_jobs(*command, flags->jobs);
  command->add_option("--max-fails", flags->max_fails, "Failed jobs after which no other begins")
      ->type_name("N")
      ->check(whole_number(1, 1'000'000))
      ->group(kRunGroup);
  add_save_every(*command, flags->save_seconds);
  command
      ->add_option("--shard", flags->shard,
                   "Every N-th job alone, from the I-th on: 0/4, 1/4, 2/4 and 3/4 are all")
      ->type_name("I/N")
      ->check(not_empty())
      ->group(kRunGroup);
}

}  // namespace

void add_sweep(CLI::App& app, Action& action, const std::string& program) {
  CLI::App* command = app.add_subcommand("sweep", "Many studies from one file, and their one table");
  command->require_subcommand(1);
  command->footer(
      "Examples:\n"
      "  ate sweep plan rates.json                        the jobs and what they take; writes nothing\n"
      "  ate sweep run rates.json --out rates             run them, or what is missing of them\n"
      "  ate sweep status rates --watch                   from any terminal\n"
      "  ate sweep collect rates --format csv > rates.csv\n"
      "  ate sweep run rates.json --out rates --emit parallel > rates.sh\n"
      "  ate sweep run rates.json --out rates --executor slurm\n"
      "docs/sweeps.md says what a sweep file holds.");
  // Of each subcommand its own.
  const auto new_flags = [&] {
    auto made = std::make_shared<SweepFlags>();
    made->program = program;
    return made;
  };

  auto flags = new_flags();
  CLI::App* plan = command->add_subcommand("plan", "The jobs of a sweep, and what they take; writes nothing");
  add_file(plan, flags.get());
  flags->output.add_to(*plan);
  plan->callback([flags, &action] { action = [flags] { return run_plan(*flags); }; });

  flags = new_flags();
  CLI::App* run = command->add_subcommand("run", "Run the jobs that are not finished in --out");
  add_file(run, flags.get());
  add_job_flags(run, flags.get());
  run->add_option("--emit", flags->emit,
                  "parallel or slurm: print a script that runs the sweep, and run nothing")
      ->type_name("KIND")
      ->check(CLI::IsMember({"parallel", "slurm"}))
      ->group(kRunGroup);
  run->add_option("--executor", flags->executor, "local (default), or slurm: submit the script with sbatch")
      ->type_name("KIND")
      ->check(CLI::IsMember({"local", "slurm"}))
      ->group(kRunGroup);
  flags->output.add_to(*run, {"counts", "stops", "jobs"});
  run->callback([flags, &action] { action = [flags] { return run_jobs(*flags, false); }; });

  flags = new_flags();
  CLI::App* retry = command->add_subcommand("retry", "Run the jobs alone that failed in --out");
  add_file(retry, flags.get());
  add_job_flags(retry, flags.get());
  retry->add_flag("--fresh", flags->fresh, "Those that diverged too, from the start")->group(kRunGroup);
  flags->output.add_to(*retry, {"counts", "stops", "jobs"});
  retry->callback([flags, &action] { action = [flags] { return run_jobs(*flags, true); }; });

  flags = new_flags();
  CLI::App* status =
      command->add_subcommand("status", "How far the sweeps in a folder are, from its files alone");
  add_folder(status, flags.get());
  status->add_flag("--watch", flags->watch, "Again every two seconds, until every job has ended");
  flags->output.add_to(*status, {"counts", "stops", "jobs"});
  status->callback([flags, &action] { action = [flags] { return run_status(*flags); }; });

  flags = new_flags();
  CLI::App* collect = command->add_subcommand("collect", "One table: a row for each trial of each job");
  add_folder(collect, flags.get());
  flags->output.add_to(*collect);
  collect->callback([flags, &action] { action = [flags] { return run_collect(*flags); }; });
}

}  // namespace ate
