#include "cli/help_text.h"

#include <algorithm>
#include <sstream>

#include "support/terminal.h"
#include "support/text.h"

namespace ate {
namespace {

constexpr const char* kUnder = "      ";  // before what stands below its word

bool is_command(const std::string& word) { return word == "ate" || word.rfind("ate ", 0) == 0; }

// "  word  what it means" as a row.
HelpRow row_of(const std::string& line) {
  const size_t gap = line.find("  ", 2);
  if (gap == std::string::npos) return {line.substr(2), ""};
  return {line.substr(2, gap - 2), line.substr(line.find_first_not_of(' ', gap))};
}

std::string in_columns(const std::vector<HelpRow>& rows, size_t width, size_t column) {
  std::string out;
  for (const auto& [word, meaning] : rows) {
    const std::string left = "  " + word;
    const size_t columns = display_width(left);
    if (meaning.empty()) {
      out += left + "\n";
    } else if (columns + 2 > column) {
      out += left + "\n" + wrapped(meaning, width, std::string(column, ' '), std::string(column, ' '));
    } else {
      out += wrapped(meaning, width, left + std::string(column - columns, ' '), std::string(column, ' '));
    }
  }
  return out;
}

// A command over several lines that a shell reads as one.
std::string broken_command(const std::string& command, size_t width) {
  const std::vector<std::string> lines = broken_lines(command, width - std::min<size_t>(width, 8));
  std::string out;
  for (size_t i = 0; i < lines.size(); ++i)
    out += (i == 0 ? "  " : kUnder) + lines[i] + (i + 1 < lines.size() ? " \\\n" : "\n");
  return out;
}

std::string examples_text(const std::vector<HelpRow>& rows, size_t width) {
  size_t left = 0;
  size_t right = 0;
  for (const auto& [command, meaning] : rows) {
    left = std::max(left, display_width(command));
    right = std::max(right, display_width(meaning));
  }
  if (left + right + 4 <= width) return in_columns(rows, width, left + 4);
  std::string out;
  for (const auto& [command, meaning] : rows) {
    out += broken_command(command, width);
    if (!meaning.empty()) out += wrapped(meaning, width, kUnder, kUnder);
  }
  return out;
}

std::string block_text(const std::vector<HelpRow>& rows, size_t width) {
  if (rows.empty()) return "";
  const bool commands =
      std::any_of(rows.begin(), rows.end(), [](const HelpRow& row) { return is_command(row.first); });
  return commands ? examples_text(rows, width) : rows_text(rows, width);
}

}  // namespace

std::string rows_text(const std::vector<HelpRow>& rows, size_t width) {
  size_t longest = 0;
  for (const auto& [word, meaning] : rows) longest = std::max(longest, display_width(word));
  return in_columns(rows, width, std::min({size_t{34}, longest + 4, std::max<size_t>(8, width * 2 / 5)}));
}

std::vector<FooterPart> footer_parts(const std::string& footer) {
  std::vector<FooterPart> parts;
  std::istringstream lines(footer);
  for (std::string line; std::getline(lines, line);) {
    const bool is_row = line.rfind("  ", 0) == 0;
    if (!is_row)
      parts.push_back({line, {}});
    else if (parts.empty() || parts.back().rows.empty())
      parts.push_back({"", {row_of(line)}});
    else
      parts.back().rows.push_back(row_of(line));
  }
  return parts;
}

std::string footer_text(const std::string& footer, size_t width) {
  std::string out;
  for (const FooterPart& part : footer_parts(footer))
    out += part.rows.empty() ? wrapped(part.line, width, "", "") : block_text(part.rows, width);
  return out;
}

std::string option_name(const CLI::Option& option) {
  if (option.get_positional()) return option.get_name(true, false);
  const bool takes_value = option.get_type_size() != 0 && !option.get_type_name().empty();
  return option.get_name(false, true) + (takes_value ? " " + option.get_type_name() : "");
}

std::string usage_words(const CLI::App& command) {
  std::string out = "[OPTIONS]";
  for (const CLI::Option* option :
       command.get_options([](const CLI::Option* o) { return o->get_positional(); })) {
    const bool many = option->get_expected_max() > 1;
    const std::string name = option_name(*option) + (many ? "..." : "");
    out += option->get_required() ? " " + name : " [" + name + "]";
  }
  return out + (subcommand_rows(command).empty() ? "" : " SUBCOMMAND");
}

std::vector<OptionGroup> option_groups(const CLI::App& command) {
  std::vector<OptionGroup> groups = {
      {"Arguments", command.get_options([](const CLI::Option* o) { return o->get_positional(); })}};
  for (const std::string& group : command.get_groups())
    groups.emplace_back(group, command.get_options([&](const CLI::Option* o) {
      return o->get_group() == group && o->nonpositional();
    }));
  groups.erase(
      std::remove_if(groups.begin(), groups.end(), [](const OptionGroup& g) { return g.second.empty(); }),
      groups.end());
  return groups;
}

std::vector<HelpRow> subcommand_rows(const CLI::App& command) {
  std::vector<HelpRow> rows;
  for (const CLI::App* sub : command.get_subcommands([](const CLI::App*) { return true; }))
    rows.emplace_back(sub->get_name(), sub->get_description());
  return rows;
}

std::string full_name(const CLI::App& command) {
  const CLI::App* const parent = command.get_parent();
  return parent == nullptr ? command.get_name() : full_name(*parent) + " " + command.get_name();
}

std::string short_name(const CLI::App& command) {
  const CLI::App* const parent = command.get_parent();
  if (parent == nullptr) return "";
  const std::string before = short_name(*parent);
  return before + (before.empty() ? "" : " ") + command.get_name();
}

std::string HelpFormatter::make_help(const CLI::App* command, std::string /*name*/,
                                     CLI::AppFormatMode /*mode*/) const {
  const size_t width = help_width();
  std::string out = wrapped(command->get_description(), width, "", "");
  out += wrapped("Usage: " + full_name(*command) + " " + usage_words(*command), width, "", kUnder);
  for (const auto& [heading, options] : option_groups(*command)) {
    std::vector<HelpRow> rows;
    for (const CLI::Option* option : options)
      rows.emplace_back(option_name(*option), option->get_description());
    out += "\n" + heading + ":\n" + rows_text(rows, width);
  }
  if (const std::vector<HelpRow> rows = subcommand_rows(*command); !rows.empty())
    out += "\nSubcommands:\n" + rows_text(rows, width);
  const std::string footer = command->get_footer();
  return footer.empty() ? out : out + "\n" + footer_text(footer, width);
}

}  // namespace ate
