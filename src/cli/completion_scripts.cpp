#include "cli/completion_scripts.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace ate {
namespace {

struct Case {
  Values values;
  std::vector<std::string> patterns;  // "study:--preset"
};

void add_case(const std::string& pattern, const Values& values, std::vector<Case>& cases) {
  for (Case& known : cases)
    if (known.values == values) {
      known.patterns.push_back(pattern);
      return;
    }
  cases.push_back({values, {pattern}});
}

std::vector<Case> value_cases(const std::vector<CommandWords>& commands) {
  std::vector<Case> cases;
  for (const CommandWords& command : commands) {
    for (const FlagWords& flag : command.flags)
      for (const std::string& name : flag.names)
        if (flag.takes_value) add_case(command.name + ":" + name, flag.values, cases);
    if (command.arguments != Values{}) add_case(command.name + ":", command.arguments, cases);
  }
  return cases;
}

std::string patterns_text(const std::vector<std::string>& patterns) {
  std::string out;
  for (const std::string& pattern : patterns)
    out += (out.empty() ? "    " : " | \\\n    ") + shell_quoted(pattern);
  return out;
}

}  // namespace

std::string shell_quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

std::string lookup_functions(const std::vector<CommandWords>& commands) {
  std::string out = "_ate_value() {\n  kind='' choices=''\n  case $1:$2 in\n";
  for (const Case& one : value_cases(commands))
    out += fmt::format("{})\n      kind={} choices={} ;;\n", patterns_text(one.patterns),
                       value_kind_name(one.values.kind),
                       shell_quoted(fmt::format("{}", fmt::join(one.values.words, " "))));
  out += "  esac\n}\n\n_ate_choices() {\n  choices=''\n  case $1 in\n";
  std::vector<Case> settings;
  std::vector<std::string> paths;
  for (const SettingEntry& setting : setting_entries()) {
    paths.push_back(setting.path);
    if (const std::vector<std::string> words = setting.words(); !words.empty())
      add_case(setting.path, {ValueKind::words, words}, settings);
  }
  for (const Case& one : settings)
    out += fmt::format("{})\n      choices={} ;;\n", patterns_text(one.patterns),
                       shell_quoted(fmt::format("{}", fmt::join(one.values.words, " "))));
  return out + fmt::format("  esac\n}}\n\n_ate_settings={}\n\n",
                           shell_quoted(fmt::format("{}", fmt::join(paths, " "))));
}

std::string place_functions(const std::vector<CommandWords>& commands) {
  std::vector<std::string> names;
  for (const CommandWords& command : commands)
    if (!command.name.empty()) names.push_back(command.name);
  return "_ate_is_command() {\n  case $1 in\n" + patterns_text(names) +
         ") return 0 ;;\n  esac\n  return 1\n}\n\n" +
         R"sh(# The words typed before this one: sets sub, the subcommand, and flag, the one whose value comes next.
_ate_place() {
  local word kind choices
  sub='' flag=''
  shift
  for word in "$@"; do
    if [[ -n $flag ]]; then
      flag=''
    elif [[ $word == -* ]]; then
      _ate_value "$sub" "$word"
      if [[ -n $kind ]]; then flag=$word; fi
    elif _ate_is_command "${sub:+$sub }$word"; then
      sub="${sub:+$sub }$word"
    fi
  done
}

)sh";
}

}  // namespace ate
