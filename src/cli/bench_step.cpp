#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <memory>

#include "bench/step_report.h"
#include "bench/trace.h"
#include "cli/checks.h"
#include "cli/commands.h"
#include "cli/experiment_flags.h"
#include "cli/output.h"
#include "config/enum_names.h"
#include "config/resolve.h"
#include "support/error.h"
#include "support/files.h"
#include "support/json.h"
#include "support/names.h"

namespace ate {
namespace {

using Json = nlohmann::ordered_json;

struct StepFlags {
  OutputFlags output;
  StepSpeedOptions options;
  std::string preset, file;  // neither: definitive
  std::vector<std::string> sets;
  std::string arms, dtypes = "all", threads = "1", replicas = "1", trace;
};

// "1,2" as whole numbers from 1 to 256.
std::vector<int> counts_of(const std::string& flag, const std::string& text) {
  std::vector<int> counts;
  for (const std::string& part : split(text, ',')) {
    const Json value = typed_value(part);
    if (!value.is_number_integer() || value < 1 || value > 256)
      throw BadInput(flag + " " + text, "expected whole numbers from 1 to 256, such as 1,2");
    counts.push_back(value.get<int>());
  }
  return counts;
}

std::vector<Dtype> dtypes_of(const std::string& text) {
  if (text == "all") return {Dtype::fp32, Dtype::bf16};
  const std::vector<std::string> known = {"fp32", "bf16", "all"};
  std::vector<Dtype> dtypes;
  for (const std::string& name : split(text, ',')) {
    if (name != "fp32" && name != "bf16")
      throw BadInput("--dtype " + text, "expected a list of " + either(known) + did_you_mean(name, known));
    dtypes.push_back(name == "fp32" ? Dtype::fp32 : Dtype::bf16);
  }
  return dtypes;
}

Config config_of(const StepFlags& flags) {
  const bool neither = flags.preset.empty() && flags.file.empty();
  const std::string cpu = "device=cpu";
  Choice choice{neither ? "definitive" : flags.preset, flags.file, {cpu}, {}};
  choice.sets.insert(choice.sets.end(), flags.sets.begin(), flags.sets.end());
  if (!flags.arms.empty())
    choice.flags.push_back({"--arms " + flags.arms, {{"study", {{"arms", split(flags.arms, ',')}}}}, true});
  const Resolved resolved = resolve(choice);
  for (const std::string& warning : resolved.warnings) spdlog::warn(warning);
  if (resolved.config.device != "cpu")
    throw BadInput(resolved.address.at("/device"), "steps are timed on the CPU: leave it out");
  const std::string unread = "a step does not depend on it: leave it out";
  refuse_unread(resolved, {{"/dtype", "the steps of each type are timed: give --dtype"},
                           {"/kernels", "fused and eager are timed against each other: leave it out"},
                           {"/schedule/", unread},
                           {"/evaluation/", unread},
                           {"/train/", unread},
                           {"/study/", unread, "/study/arms"},
                           {"/seed_criteria/", unread},
                           {"/published_result/", unread}});
  return resolved.config;
}

int bench_step(const StepFlags& flags) {
  flags.output.start();
  StepSpeedOptions options = flags.options;
  options.config = config_of(flags);
  options.dtypes = dtypes_of(flags.dtypes);
  options.threads = counts_of("--threads", flags.threads);
  options.replicas = counts_of("--replicas", flags.replicas);
  if (!flags.trace.empty()) check_trace_path("--trace", flags.trace);

  const StepSpeed speed = measure_steps(options);
  if (!flags.trace.empty()) {
    std::vector<TraceLane> lanes;
    for (const StepTiming& timing : speed.timings) {
      const StepVariant& c = timing.variant;
      if (c.runner == Runner::fused)
        lanes.push_back({fmt::format("{} {}, threads {}", enum_name(c.arm), enum_name(c.dtype), c.threads),
                         timing.profiled});
    }
    write_atomically(flags.trace, chrome_trace(lanes));
  }
  flags.output.print(step_report(options, speed));
  return static_cast<int>(ExitCode::done);
}

}  // namespace

void add_bench_step(CLI::App& bench, Action& action) {
  CLI::App* command = bench.add_subcommand(
      "step", "A training step on the CPU: this program's kernels against LibTorch eager, in turns");
  auto flags = std::make_shared<StepFlags>();
  const auto text = [&](const char* flag, std::string& value, const char* type, const std::string& help,
                        const char* group) {
    command->add_option(flag, value, help)->type_name(type)->check(not_empty())->group(group);
  };
  const char* const experiment = "Experiment";
  text("--preset", flags->preset, "NAME", "The model and its corpus (default definitive)", experiment);
  text("--config", flags->file, "FILE", "JSON file; its settings override the preset's", experiment);
  command->add_option("--set", flags->sets, "One setting, such as windows.batch=32; repeatable")
      ->type_name("PATH=VALUE")
      ->type_size(1)
      ->allow_extra_args(false)
      ->group(experiment);
  text("--arms", flags->arms, "LIST",
       "Kinds of embedding, or arms of the config by name (default: all of the config's)", experiment);
  const char* const measure = "Measure";
  text("--dtype", flags->dtypes, "LIST", "fp32, bf16 or all (default)", measure);
  text("--threads", flags->threads, "LIST", "Threads of a model, such as 1,2 (default 1)", measure);
  text("--replicas", flags->replicas, "LIST",
       "Models side by side, each on a thread of its own, such as 1,2 (default 1)", measure);
  command->add_option("--rounds", flags->options.rounds, "Turns of each variant (default 5)")
      ->type_name("N")
      ->check(whole_number(1, 1000))
      ->group(measure);
  command->add_option("--seconds", flags->options.seconds, "Length of a turn, at least a step (default 0.5)")
      ->type_name("SECONDS")
      ->check(number(0, 3600))
      ->group(measure);
  text("--trace", flags->trace, "FILE",
       "Write where the time of some steps goes, for ui.perfetto.dev or chrome://tracing", measure);
  flags->output.add_to(*command, {"rows", "rates", "parts", "peaks", "products"});
  command->footer(
      "Examples:\n"
      "  ate bench step                                 definitive, about a minute\n"
      "  ate bench step --preset medium --dtype bf16 --trace step.json\n"
      "  ate bench step --arms standard --replicas 1,2  what two trials on two cores gain\n"
      "Time is best compared as a ratio within one run: other programs slow both sides.");
  command->callback([flags, &action] { action = [flags] { return bench_step(*flags); }; });
}

}  // namespace ate
