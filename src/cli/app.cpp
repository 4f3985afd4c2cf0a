#include "cli/app.h"

#include <sstream>

#include "cli/commands.h"
#include "cli/output.h"
#include "support/error.h"
#include "support/names.h"
#include "version.h"

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

// "config show"; "" for the app itself.
std::string command_name(const CLI::App* app) {
  std::string name;
  for (; app->get_parent() != nullptr; app = app->get_parent())
    name.insert(0, app->get_name() + (name.empty() ? "" : " "));
  return name;
}

// CLI11's complaint as ours: one line, the nearest known word, exit code 2.
BadInput bad_usage(const CLI::App& app, const CLI::ParseError& error) {
  const CLI::App* command = deepest_parsed(&app);
  const std::vector<std::string> extra = app.remaining(true);
  const std::string name = command_name(command);
  const std::string help = "; see ate " + name + (name.empty() ? "" : " ") + "--help";
  if (!extra.empty()) {
    const std::string typed = extra.front().substr(0, extra.front().find('='));
    const std::string kind = typed.rfind('-', 0) == 0 ? "unknown flag" : "unexpected word";
    return {typed, kind + did_you_mean(typed, known_words(*command)) + help};
  }
  std::string what = error.what();
  if (error.get_name() == "ArgumentMismatch")
    what = what.substr(0, what.find(": ")) + ": takes one value, once";
  for (char& c : what)
    if (c == '\n') c = ' ';
  return {name, what + help};
}

}  // namespace

int run_command_line(int argc, char** argv) {
  CLI::App app{
      "Puts claims about cheaper transformers to the test: trains paired models on corpora whose best "
      "possible loss is "
      "known, and says what the numbers can and cannot show."};
  app.name("ate");
  app.set_version_flag("--version", std::string("ate ") + ATE_VERSION + " (" + ATE_COMMIT + ")");
  app.require_subcommand(1);
  app.get_formatter()->column_width(34);
  app.footer(
      "Exit codes: 0 done; 1 failed while running; 2 bad usage, config or input; 3 some trials failed, the "
      "rest kept;\n"
      "130 and 143 interrupted by SIGINT and SIGTERM, checkpoints saved.");
  Action action;
  add_demo(app, action);
  add_validate_bespoke(app, action);
  add_train(app, action);
  add_compute_analysis(app, action);
  add_gpt4_analysis(app, action);
  add_compare(app, action);
  add_audit(app, action);
  add_bench(app, action, argv[0]);
  add_config(app, action);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& help_or_version) {
    std::ostringstream text;
    const int code = app.exit(help_or_version, text, text);
    write_stdout(text.str());
    return code;
  } catch (const CLI::ParseError& error) {
    throw bad_usage(app, error);
  }
  return action();
}

}  // namespace ate
