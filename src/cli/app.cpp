#include "cli/app.h"

#include <memory>
#include <optional>
#include <sstream>

#include "cli/commands.h"
#include "cli/help_text.h"
#include "cli/output.h"
#include "cli/version.h"
#include "support/error.h"
#include "support/names.h"

namespace ate {
namespace {

// The subcommand that the user got into: "config show", or the app itself.
const CLI::App* deepest_parsed(const CLI::App* app) {
  for (const CLI::App* sub : app->get_subcommands())
    if (sub->parsed()) return deepest_parsed(sub);
  return app;
}

std::vector<std::string> known_words(const CLI::App& app) {
  std::vector<std::string> words;
  for (const CLI::Option* option : app.get_options())
    for (const std::string& name : option->get_lnames()) words.push_back("--" + name);
  for (const CLI::App* sub : app.get_subcommands([](const CLI::App*) { return true; }))
    words.push_back(sub->get_name());
  return words;
}

bool is_flag(const std::string& word) { return word.rfind('-', 0) == 0; }

// Whether a subcommand is missing, or the word in its place is none: then the list of them helps. "" is a missing one.
std::optional<std::string> wrong_subcommand(const CLI::App& app) {
  const CLI::App* const command = deepest_parsed(&app);
  if (subcommand_rows(*command).empty()) return std::nullopt;
  const std::vector<std::string> extra = app.remaining(true);
  if (extra.empty()) return "";
  return is_flag(extra.front()) ? std::nullopt : std::optional(extra.front());
}

// CLI11's complaint as ours: one line, the nearest known word, exit code 2.
BadInput bad_usage(const CLI::App& app, const CLI::ParseError& error) {
  const CLI::App* command = deepest_parsed(&app);
  const std::vector<std::string> extra = app.remaining(true);
  const std::string help = "; see " + full_name(*command) + " --help";
  if (!extra.empty()) {
    const std::string typed = extra.front().substr(0, extra.front().find('='));
    const std::string kind = is_flag(typed) ? "unknown flag" : "unexpected word";
    return {typed, kind + did_you_mean(typed, known_words(*command)) + help};
  }
  std::string what = error.what();
  if (error.get_name() == "ArgumentMismatch")
    what = what.substr(0, what.find(": ")) + ": takes one value, once";
  for (char& c : what)
    if (c == '\n') c = ' ';
  return {short_name(*command), what + help};
}

int parse_and_run(CLI::App& app, const Action& action, int argc, char** argv) {
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help_or_version) {
    if (const auto word = wrong_subcommand(app); word && !word->empty())
      return list_subcommands(*deepest_parsed(&app), *word);
    std::ostringstream text;
    const int code = app.exit(help_or_version, text, text);
    write_stdout(text.str());
    return code;
  } catch (const CLI::ParseError& error) {
    if (const auto word = wrong_subcommand(app)) return list_subcommands(*deepest_parsed(&app), *word);
    throw bad_usage(app, error);
  }
  return action();
}

}  // namespace

int run_command_line(int argc, char** argv) {
  CLI::App app{
      "Puts claims about cheaper transformers to the test: trains paired models on corpora whose best "
      "possible loss is "
      "known, and says what the numbers can and cannot show."};
  app.name("ate");
  app.formatter(std::make_shared<HelpFormatter>());
  app.set_help_flag("-h,--help", "Print this help and exit");
  app.set_version_flag("--version", version_text, "Print version, commit, libraries and devices, and exit");
  app.require_subcommand(1);
  app.footer(
      "Exit codes:\n"
      "  0  done\n"
      "  1  failed while running\n"
      "  2  bad usage, config or input\n"
      "  3  some trials failed, the rest kept\n"
      "  129, 130, 143  interrupted by SIGHUP, SIGINT, SIGTERM; checkpoints saved\n"
      "  141  done, but whoever read the output had left");
  Action action;
  add_demo(app, action);
  add_validate_bespoke(app, action);
  add_study(app, action);
  add_widths(app, action);
  add_sweep(app, action, argv[0]);
  add_train(app, action);
  add_generate(app, action);
  add_compute_analysis(app, action);
  add_gpt4_analysis(app, action);
  add_report(app, action);
  add_compare(app, action);
  add_status(app, action);
  add_audit(app, action);
  add_bench(app, action, argv[0]);
  add_source(app, action);
  add_config(app, action);
  add_completions(app, action);
  add_help(app, action);
  const int code = parse_and_run(app, action, argc, argv);
  return code == 0 && reader_left() ? kReaderLeft : code;
}

}  // namespace ate
