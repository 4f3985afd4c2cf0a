// What --help prints: text that fits the terminal.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <utility>
#include <vector>

namespace ate {

// A word and what it means, in two columns.
using HelpRow = std::pair<std::string, std::string>;

// Rows with their second column broken at `width`; a word too long for the first column has a line of its own.
std::string rows_text(const std::vector<HelpRow>& rows, size_t width);

// A footer as commands write it: lines of prose, and rows that begin with two spaces, their columns two or more spaces
// apart. Rows of commands keep their place beside what they do while there is room, else above it; a command too long
// for a line goes on after a backslash, as a shell takes it.
std::string footer_text(const std::string& footer, size_t width);

// A footer in parts: a line of prose, or rows that follow each other.
struct FooterPart {
  std::string line;
  std::vector<HelpRow> rows;
};
std::vector<FooterPart> footer_parts(const std::string& footer);

// "-q,--quiet", "--preset NAME", "LEFT".
std::string option_name(const CLI::Option& option);

// What follows the name of a command: "[OPTIONS] LEFT RIGHT".
std::string usage_words(const CLI::App& command);

// Its arguments, and its flags under a heading each.
using OptionGroup = std::pair<std::string, std::vector<const CLI::Option*>>;
std::vector<OptionGroup> option_groups(const CLI::App& command);

// The subcommands of a command with a word each.
std::vector<HelpRow> subcommand_rows(const CLI::App& command);

// "ate config show", and the same without the program: "config show", "" for ate itself.
std::string full_name(const CLI::App& command);
std::string short_name(const CLI::App& command);

class HelpFormatter : public CLI::FormatterBase {
 public:
  std::string make_help(const CLI::App* command, std::string name, CLI::AppFormatMode mode) const override;
};

}  // namespace ate
