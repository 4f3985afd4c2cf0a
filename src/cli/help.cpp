#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/checks.h"
#include "cli/commands.h"
#include "cli/help_text.h"
#include "cli/man_page.h"
#include "cli/output.h"
#include "run/environment.h"
#include "support/error.h"
#include "support/files.h"
#include "support/names.h"
#include "support/terminal.h"
#include "support/text.h"

namespace ate {
namespace {

const CLI::App* subcommand_named(const CLI::App& command, const std::string& name) {
  for (const CLI::App* sub : command.get_subcommands([](const CLI::App*) { return true; }))
    if (sub->get_name() == name) return sub;
  return nullptr;
}

// A manual page for the command and for each below it.
void write_man_pages(const CLI::App& command, const std::string& version,
                     const std::filesystem::path& folder) {
  write_atomically(folder / (man_page_name(command) + ".1"), man_page(command, version));
  for (const CLI::App* sub : command.get_subcommands([](const CLI::App*) { return true; }))
    write_man_pages(*sub, version, folder);
}

}  // namespace

int list_subcommands(const CLI::App& command, const std::string& typed) {
  const std::vector<HelpRow> rows = subcommand_rows(command);
  std::vector<std::string> names;
  for (const HelpRow& row : rows) names.push_back(row.first);
  const std::string where = typed.empty() ? short_name(command) : printable(typed);
  const std::string problem = (where.empty() ? "" : where + ": ") +
                              (typed.empty() ? "a subcommand is missing" : "no such subcommand") +
                              did_you_mean(typed, names);
  const std::string help = "See " + full_name(command) + " SUBCOMMAND --help.";
  std::fprintf(stderr, "ate: %s; there are\n%s%s\n", problem.c_str(), rows_text(rows, help_width()).c_str(),
               help.c_str());
  return static_cast<int>(ExitCode::bad_input);
}

void add_help(CLI::App& app, Action& action) {
  auto words = std::make_shared<std::vector<std::string>>();
  CLI::App* command = app.add_subcommand("help", "What a subcommand does and takes, as its own --help");
  command->add_option("SUBCOMMAND", *words, "Such as train, or bench step; none: ate itself");
  auto man = std::make_shared<std::string>();
  CLI::Option* const man_flag =
      command
          ->add_option("--man", *man,
                       "Write manual pages of ate and all its subcommands into a folder instead")
          ->type_name("DIR")
          ->check(not_empty());
  command->callback([&app, &action, words, man, man_flag] {
    action = [&app, words, man, man_flag] {
      if (man_flag->count() > 0) {
        if (!words->empty())
          throw BadInput("--man " + *man, "writes the pages of all subcommands: name none");
        make_folders(*man);
        write_man_pages(app, describe_environment("", 0)["ate"], *man);
        return static_cast<int>(ExitCode::done);
      }
      const CLI::App* about = &app;
      for (const std::string& word : *words) {
        const CLI::App* const sub = subcommand_named(*about, word);
        if (sub == nullptr && subcommand_rows(*about).empty())
          throw BadInput(word,
                         full_name(*about) + " has no subcommands; see " + full_name(*about) + " --help");
        if (sub == nullptr) return list_subcommands(*about, word);
        about = sub;
      }
      write_stdout(HelpFormatter().make_help(about, "", CLI::AppFormatMode::Normal));
      return static_cast<int>(ExitCode::done);
    };
  });
}

}  // namespace ate
