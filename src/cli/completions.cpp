#include <memory>

#include "cli/commands.h"
#include "cli/completion_scripts.h"
#include "cli/output.h"
#include "support/error.h"
#include "support/names.h"

namespace ate {
namespace {

std::string completion_script(const std::string& shell, const CLI::App& app) {
  if (shell == "bash") return bash_completion(command_words(app));
  if (shell == "zsh") return zsh_completion(command_words(app));
  if (shell == "fish") return fish_completion(command_words(app));
  throw BadInput(shell, "expected bash, zsh or fish" + did_you_mean(shell, {"bash", "zsh", "fish"}));
}

}  // namespace

void add_completions(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand("completions", "A script with which a shell completes ate's words");
  auto shell = std::make_shared<std::string>();
  command->add_option("SHELL", *shell, "bash, zsh or fish")->required();
  command->footer(
      "An installed ate has them in place. By hand:\n"
      "  ate completions bash > ~/.local/share/bash-completion/completions/ate\n"
      "  ate completions zsh > ~/.zfunc/_ate                              a folder of $fpath, before "
      "compinit\n"
      "  ate completions fish > ~/.config/fish/completions/ate.fish");
  command->callback([&app, &action, shell] {
    action = [&app, shell] {
      write_stdout(completion_script(*shell, app));
      return static_cast<int>(ExitCode::done);
    };
  });
}

}  // namespace ate
