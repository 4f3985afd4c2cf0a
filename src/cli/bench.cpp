#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <memory>
#include <set>

#include "analysis/tables.h"
#include "bench/quality.h"
#include "bench/report.h"
#include "bench/startup.h"
#include "cli/analysis_flags.h"
#include "cli/checks.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "config/kinds.h"
#include "run/signals.h"
#include "support/error.h"
#include "support/names.h"
#include "support/text.h"

namespace ate {
namespace {

struct AttentionFlags {
  AnalysisFlags analysis;
  OutputFlags output;
  MeasureOptions options;
  std::string kinds;  // "" for all
  bool quality = false;
  std::string checkpoint;  // "" for none
  std::string law;         // "": independent for times, each for --quality
  QualityOptions quality_options;
  CLI::Option* epsilon = nullptr;
  std::vector<CLI::Option*> of_times;  // that only times read
};

// What `flags` typed beside --quality or --checkpoint, of which only `read` are read.
void refuse_others(const AttentionFlags& flags, const std::string& with, const std::set<std::string>& read) {
  refuse_given(flags.of_times, "is not read with " + with + ", which times nothing: leave it out");
  std::vector<Problem> problems;
  for (const std::string& name : flags.analysis.typed())
    if (read.count(name) == 0) problems.push_back({name, "is not read with " + with + ": leave it out"});
  if (!problems.empty()) throw BadInput(std::move(problems));
}

int attention_quality(const AttentionFlags& flags) {
  std::vector<Quality> qualities;
  QualityOptions options = flags.quality_options;
  options.law = flags.law;
  if (!flags.checkpoint.empty()) {
    if (!flags.law.empty()) throw BadInput("--law", "is not read with --checkpoint: leave it out");
    refuse_others(flags, "--checkpoint", {"--k"});
    std::vector<int64_t> keys;
    const std::string most = std::to_string(kLongestQuality);
    for (const Shape& shape : flags.analysis.request({{"T", most, "--T " + most}}).shapes)
      keys.push_back(shape.keys);
    keys.erase(std::unique(keys.begin(), keys.end()), keys.end());
    qualities = model_qualities("--checkpoint", flags.checkpoint, keys, options);
  } else {
    refuse_others(flags, "--quality",
                  {"--d", "--T", "--k", "--heads", "--head-size", "--causal", "--config"});
    std::vector<Setting> small = {{"d", "128", "--d 128"}, {"T", "1k", "--T 1k"}, {"k", "64", "--k 64"}};
    const std::vector<std::string> typed = flags.analysis.typed();
    if (std::none_of(typed.begin(), typed.end(),
                     [](const std::string& flag) { return flag == "--heads" || flag == "--config"; }))
      small.push_back({"head_size", "64", "--head-size 64"});
    const AnalysisRequest request = flags.analysis.request(std::move(small));
    for (const Shape& shape : request.shapes)
      if (shape.length > kLongestQuality)
        throw BadInput(fmt::format("--T {}", shape.length),
                       fmt::format("--quality keeps T x T numbers: give at most {}", kLongestQuality));
    for (const Shape& shape : request.shapes)
      for (Quality& quality : law_qualities(shape, options)) qualities.push_back(std::move(quality));
  }
  flags.output.print(quality_report(qualities, options));
  return static_cast<int>(ExitCode::done);
}

// Those that a list asks for; all of them are there to be timed.
std::vector<std::string> kinds_of(const std::string& list, bool decode) {
  if (list.empty()) return {};
  std::vector<std::string> known = registered_names<AttentionDescription>();
  if (decode) known = {"dense", "window", "block_topk"};
  std::vector<std::string> kinds = split(list, ',');
  for (const std::string& kind : kinds)
    if (std::find(known.begin(), known.end(), kind) == known.end())
      throw BadInput("--kinds " + list, fmt::format("expected {}{}, got \"{}\"", either(known),
                                                    did_you_mean(kind, known), kind));
  return kinds;
}

int bench_attention(const AttentionFlags& flags) {
  flags.output.start();
  const std::vector<std::string> laws = law_names();
  if (!flags.law.empty() && std::find(laws.begin(), laws.end(), flags.law) == laws.end())
    throw BadInput("--law " + flags.law, "expected " + either(laws) + did_you_mean(flags.law, laws));
  if (flags.quality || !flags.checkpoint.empty()) return attention_quality(flags);
  refuse_given({flags.epsilon}, "is read with --quality or --checkpoint: give one of them");
  const AnalysisRequest request = flags.analysis.request();
  if (flags.options.decode && flags.options.backward)
    throw BadInput("--decode", "trains nothing, and --backward times gradients: leave one of the two out");
  require_device(flags.options.device, "--device");
  MeasureOptions options = flags.options;
  options.element_bytes = request.element_bytes;
  options.kinds = kinds_of(flags.kinds, options.decode);
  if (!flags.law.empty()) options.law = flags.law;
  for (const Shape& shape : request.shapes)
    if (options.law != "independent" && shape.kv_heads != shape.heads)
      throw BadInput("--law " + options.law, "draws keys for each head: leave out --kv-heads");
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
  flags->of_times = {
      command->add_option("--repeats", flags->options.repeats, "Timed runs of each path (default 5)")
          ->type_name("N")
          ->check(whole_number(1, 1000))
          ->group("Measure"),
      command->add_flag("--backward", flags->options.backward, "Time the gradients instead of the outputs")
          ->group("Measure"),
      command->add_flag("--decode", flags->options.decode, "Time one query against a cache of T keys")
          ->group("Measure"),
      command
          ->add_option(
              "--kinds", flags->kinds,
              "Sparse kinds to time, such as window,block_topk, beside dense attention without T x T "
              "arrays; dense for none (default: all kinds, and dense attention as plain operations)")
          ->type_name("LIST")
          ->check(not_empty())
          ->group("Measure"),
      command->add_option("--device", flags->options.device, "auto (default), cpu, cuda, cuda:N or mps")
          ->type_name("DEVICE")
          ->check(not_empty())
          ->group("Measure")};
  command
      ->add_option("--law", flags->law,
                   "Of the numbers: independent or clustered (times: independent; --quality: each)")
      ->type_name("LAW")
      ->check(not_empty())
      ->group("Measure");
  const char* const quality = "What is read and lost";
  command
      ->add_flag("--quality", flags->quality,
                 "Measure what each kind reads and loses on random numbers, no times")
      ->group(quality);
  command
      ->add_option(
          "--checkpoint", flags->checkpoint,
          "The same on validation windows of a trained model: a trial's checkpoint, in its run folder")
      ->type_name("FILE")
      ->check(not_empty())
      ->group(quality);
  flags->epsilon =
      command
          ->add_option("--epsilon", flags->quality_options.epsilon,
                       "Largest share of the attention that may be on keys not read (default 0.01)")
          ->type_name("X")
          ->check(number(1e-12, 0.9))
          ->group(quality);
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
