#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "cli/checks.h"
#include "cli/commands.h"
#include "cli/evaluate.h"
#include "cli/experiment_flags.h"
#include "cli/output.h"
#include "data/token_file.h"
#include "run/console.h"
#include "study/generation.h"
#include "study/single_model.h"
#include "support/error.h"
#include "support/text.h"
#include "support/utf8.h"

namespace ate {
namespace {

struct GenerateFlags {
  ExperimentFlags experiment;
  std::string checkpoint;
  std::string prompt_file;
  bool greedy = false;
  bool quiet = false;
  GenerationRequest request;
  std::optional<double> temperature;
};

// A text on its way to stdout. A file or a pipe gets its bytes; a terminal whole characters, and nothing that it would obey.
class TextOutput {
 public:
  void operator()(std::string_view bytes) {
    if (!terminal_) return write_stdout(std::string(bytes));
    held_ += bytes;
    const size_t kept = unfinished_bytes(held_);
    write_stdout(shown(std::string_view(held_).substr(0, held_.size() - kept)));
    held_.erase(0, held_.size() - kept);
  }
  void end() { write_stdout(terminal_ ? shown(held_) + "\n" : "\n"); }

 private:
  static std::string shown(std::string_view text) {
    std::string out;
    for (size_t at = 0; at < text.size();) {
      const size_t kept = std::min(text.find_first_of("\n\t", at), text.size());
      out += printable(text.substr(at, kept - at));
      if (kept < text.size()) out += text[kept];
      at = kept + 1;
    }
    return out;
  }

  bool terminal_ = ::isatty(STDOUT_FILENO) == 1;
  std::string held_;
};

int run(GenerateFlags flags) {
  set_up_log(flags.quiet ? Verbosity::quiet : Verbosity::normal, false);
  GenerationRequest& request = flags.request;
  if (flags.greedy && flags.temperature)
    throw BadInput("--greedy", "takes the likeliest token, whatever --temperature: leave one of the two out");
  if (flags.greedy && request.sampling.top_k > 0)
    throw BadInput("--greedy", "takes the likeliest token, whatever --top-k: leave one of the two out");
  if (request.prompt && !flags.prompt_file.empty())
    throw BadInput("--prompt-file", "and --prompt both give the prompt: leave one of the two out");
  request.sampling.temperature = flags.greedy ? 0 : flags.temperature.value_or(1);
  if (!flags.prompt_file.empty()) {
    request.prompt_flag = "--prompt-file " + flags.prompt_file;
    const InputFile file(flags.prompt_file, "--prompt-file");
    request.prompt.emplace(static_cast<size_t>(file.bytes()), '\0');
    file.read(0, *request.prompt);
  }
  const std::string address = "checkpoint " + flags.checkpoint;
  const StoredModel stored = find_model("checkpoint", flags.checkpoint);
  const Resolved resolved = evaluated_config(flags.experiment, stored, address);
  TextOutput output;
  const Generation made = generate("checkpoint", flags.checkpoint, resolved, stored.id, request,
                                   [&](std::string_view text) { output(text); });
  output.end();
  spdlog::info("prompt of {} in {:.2f} s; {} in {:.2f} s, {:.0f} tokens/s{}",
               counted(made.prompt_tokens, "token"), made.prompt_seconds, counted(request.tokens, "token"),
               made.seconds, static_cast<double>(request.tokens) / made.seconds,
               made.cached ? "" : "; without a cache: each token costs a whole window");
  return static_cast<int>(ExitCode::done);
}

}  // namespace

void add_generate(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("generate", "Go on with a text, by a model that was trained on one");
  auto flags = std::make_shared<GenerateFlags>();
  command->add_option("checkpoint", flags->checkpoint, "A trial's checkpoint, in its run folder")
      ->type_name("CHECKPOINT")
      ->required()
      ->check(not_empty());
  const char* const group = "Text";
  command
      ->add_option("--prompt", flags->request.prompt,
                   "The text to go on with (default: the first token of the validation part)")
      ->type_name("TEXT")
      ->group(group);
  command->add_option("--prompt-file", flags->prompt_file, "A file with that text")
      ->type_name("FILE")
      ->check(not_empty())
      ->group(group);
  command->add_option("--tokens", flags->request.tokens, "Tokens to make (default: 200)")
      ->type_name("N")
      ->check(whole_number(1, 1'000'000'000))
      ->group(group);
  command
      ->add_option("--temperature", flags->temperature,
                   "Divides the logits (default: 1): below 1 likely tokens come more often")
      ->type_name("X")
      ->check(number(1e-3, 1e3))
      ->group(group);
  command->add_option("--top-k", flags->request.sampling.top_k, "Draw among the N likeliest tokens alone")
      ->type_name("N")
      ->check(whole_number(1, 1'000'000'000))
      ->group(group);
  command->add_flag("--greedy", flags->greedy, "Take the likeliest token each time")->group(group);
  command
      ->add_option("--seed", flags->request.sampling.seed,
                   "Seed of the draws (default: 0); same seed, same text")
      ->type_name("N")
      ->check(whole_number(0, 4'294'967'295))
      ->group(group);
  flags->experiment.add_to_stored(*command);
  command->add_flag("-q,--quiet", flags->quiet, "Print the text alone")->group("Output");
  command->footer(
      "The text goes to stdout as it is made. The model sees as many of the last tokens as the windows it "
      "was\n"
      "trained on had. Of models of source.kind=text that see no later token.\n"
      "Example, with the name of a run that ate train printed:\n"
      "  ate train --preset nanogpt-shakespeare-char-cpu --set source.file=shakespeare.txt\n"
      "  ate generate tool_outputs/runs/RUN/checkpoint/tied-s0.safetensors --prompt \"O Romeo\" "
      "--temperature 0.8");
  command->callback([flags, &action] { action = [flags] { return run(*flags); }; });
}

}  // namespace ate
