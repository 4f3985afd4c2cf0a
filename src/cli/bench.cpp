#include <filesystem>
#include <memory>

#include "analysis/tables.h"
#include "bench/report.h"
#include "bench/startup.h"
#include "cli/analysis_flags.h"
#include "cli/checks.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "run/signals.h"
#include "support/error.h"

namespace ate {
namespace {

struct AttentionFlags {
  AnalysisFlags analysis;
  OutputFlags output;
  MeasureOptions options;
};

int bench_attention(const AttentionFlags& flags) {
  flags.output.start();
  const AnalysisRequest request = flags.analysis.request();
  require_device(flags.options.device, "--device");
  MeasureOptions options = flags.options;
  options.element_bytes = request.element_bytes;
  std::vector<MeasuredShape> measured;
  for (const Shape& shape : request.shapes) measured.push_back(measure_attention(shape, options));
  Report report;
  report.title = "Attention";
  report.tables = {measured_rows(measured)};
  report.notes = measured_notes(measured);
  report.document = {{"rows", objects_of(report.tables[0])}, {"notes", report.notes}};
  flags.output.print(report);
  return static_cast<int>(ExitCode::done);
}

struct StartupFlags {
  OutputFlags output;
  int rounds = 5;
};

// This program's own file.
std::filesystem::path own_program(const std::string& typed) {
  std::error_code error;
  const std::filesystem::path link = std::filesystem::read_symlink("/proc/self/exe", error);
  return error ? std::filesystem::path(typed) : link;
}

int bench_startup(const StartupFlags& flags, const std::string& program) {
  flags.output.start();
  install_signal_handlers();  // so that the folder of its runs goes also when it is stopped
  const std::vector<StartupTiming> timings = measure_startup(own_program(program), flags.rounds);
  flags.output.print(startup_report(timings));
  return static_cast<int>(ExitCode::done);
}

void add_attention(CLI::App& bench, Action& action) {
  CLI::App* command = bench.add_subcommand(
      "attention",
      "Attention on the clock: dense and sparse kinds here against LibTorch's fastest dense one");
  auto flags = std::make_shared<AttentionFlags>();
  // What is measured: attention itself, forward.
  flags->analysis.add_to(
      *command, {"d", "T", "k", "hidden", "heads", "head_size", "kv_heads", "batch", "causal", "dtype"});
  command->add_option("--repeats", flags->options.repeats, "Timed runs of each path (default 5)")
      ->type_name("N")
      ->check(whole_number(1, 1000))
      ->group("Measure");
  command->add_flag("--backward", flags->options.backward, "Time the gradients instead of the outputs")
      ->group("Measure");
  command->add_option("--device", flags->options.device, "auto (default), cpu, cuda, cuda:N or mps")
      ->type_name("DEVICE")
      ->check(not_empty())
      ->group("Measure");
  flags->output.add_to(*command);
  command->callback([flags, &action] { action = [flags] { return bench_attention(*flags); }; });
}

void add_startup(CLI::App& bench, Action& action, const std::string& program) {
  CLI::App* command = bench.add_subcommand(
      "startup", "From a command's start to its exit: help, small commands, runs that go on");
  auto flags = std::make_shared<StartupFlags>();
  command->add_option("--rounds", flags->rounds, "Runs of each command (default 5)")
      ->type_name("N")
      ->check(whole_number(1, 1000))
      ->group("Measure");
  flags->output.add_to(*command);
  command->callback([=, &action] { action = [=] { return bench_startup(*flags, program); }; });
}

}  // namespace

void add_bench(CLI::App& app, Action& action, const std::string& program) {
  CLI::App* command =
      app.add_subcommand("bench", "This build's own speed, as ratios against LibTorch in the same run");
  command->require_subcommand(1);
  add_bench_step(*command, action);
  add_attention(*command, action);
  add_startup(*command, action, program);
}

}  // namespace ate
