#include "cli/man_page.h"

#include <algorithm>
#include <cctype>

#include "cli/help_text.h"

namespace ate {
namespace {

// Text as roff prints it: backslashes and hyphens are themselves, and no line begins with a request.
std::string roff(const std::string& text) {
  std::string out = !text.empty() && (text[0] == '.' || text[0] == '\'') ? "\\&" : "";
  for (const char c : text) {
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else
      out += c;
  }
  return out;
}

std::string bold(const std::string& text) { return "\\fB" + roff(text) + "\\fR"; }

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::toupper(c); });
  return text;
}

// "--preset NAME": the flag in bold, its value in italics.
std::string option_term(const CLI::Option& option) {
  const std::string name = option_name(option);
  const size_t space = name.find(' ');
  if (option.get_positional()) return "\\fI" + roff(name) + "\\fR";
  return space == std::string::npos
             ? bold(name)
             : bold(name.substr(0, space)) + " \\fI" + roff(name.substr(space + 1)) + "\\fR";
}

std::string row_text(const std::string& term, const std::string& meaning) {
  return ".TP\n" + term + "\n" + (meaning.empty() ? "\\&" : roff(meaning)) + "\n";
}

// A row without a word goes on with the one before.
std::string rows_of_footer(const std::vector<HelpRow>& rows) {
  std::string out;
  for (size_t i = 0; i < rows.size(); ++i) {
    const std::string& word = rows[i].first;
    std::string meaning = rows[i].second;
    for (; i + 1 < rows.size() && rows[i + 1].first.empty(); ++i)
      meaning += (meaning.empty() ? "" : " ") + rows[i + 1].second;
    out += row_text(bold(word), meaning);
  }
  return out;
}

// A line that ends in a colon before rows is their heading.
std::string footer_sections(const std::string& footer) {
  std::string out;
  const std::vector<FooterPart> parts = footer_parts(footer);
  for (size_t i = 0; i < parts.size(); ++i) {
    const std::string& line = parts[i].line;
    out += rows_of_footer(parts[i].rows);
    const bool before_rows = i + 1 < parts.size() && !parts[i + 1].rows.empty();
    if (line.empty()) continue;
    if (before_rows && line.back() == ':')
      out += ".SH " + upper(roff(line.substr(0, line.size() - 1))) + "\n";
    else
      out += (out.empty() ? ".SH NOTES\n" : ".PP\n") + roff(line) + "\n";
  }
  return out;
}

// Commands one step away.
std::string see_also(const CLI::App& command) {
  std::vector<std::string> names;
  if (const CLI::App* parent = command.get_parent()) names.push_back(man_page_name(*parent));
  for (const CLI::App* sub : command.get_subcommands([](const CLI::App*) { return true; }))
    names.push_back(man_page_name(*sub));
  std::string out = ".SH SEE ALSO\n";
  for (size_t i = 0; i < names.size(); ++i)
    out += ".BR " + roff(names[i]) + " (1)" + (i + 1 < names.size() ? "," : "") + "\n";
  return out;
}

}  // namespace

std::string man_page_name(const CLI::App& command) {
  std::string name = full_name(command);
  std::replace(name.begin(), name.end(), ' ', '-');
  return name;
}

std::string man_page(const CLI::App& command, const std::string& version) {
  const std::string name = man_page_name(command);
  std::string page = ".TH " + upper(roff(name)) + " 1 \"\" \"ate " + version + "\" \"ate\"\n";
  page += ".SH NAME\n" + roff(name) + " \\- " + roff(command.get_description()) + "\n";
  page += ".SH SYNOPSIS\n" + bold(full_name(command)) + " " + roff(usage_words(command)) + "\n";
  for (const auto& [heading, options] : option_groups(command)) {
    page += ".SH " + upper(heading) + "\n";
    for (const CLI::Option* option : options)
      page += row_text(option_term(*option), option->get_description());
  }
  if (const std::vector<HelpRow> rows = subcommand_rows(command); !rows.empty()) {
    page += ".SH SUBCOMMANDS\n";
    for (const auto& [word, meaning] : rows) page += row_text(bold(word), meaning);
  }
  return page + footer_sections(command.get_footer()) + see_also(command);
}

}  // namespace ate
