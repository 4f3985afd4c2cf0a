#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/completion_scripts.h"

namespace ate {
namespace {

constexpr const char* kFishFunctions = R"sh(
# The subcommand of the words typed so far; the value of a flag is none.
function __ate_subcommand
    set -l sub ''
    set -l is_value 0
    for word in (commandline -opc)[2..-1]
        if test $is_value = 1
            set is_value 0
        else if contains -- $word $__ate_valued
            set is_value 1
        else if contains -- (string trim "$sub $word") $__ate_commands
            set sub (string trim "$sub $word")
        end
    end
    echo $sub
end

function __ate_in
    test "$argv" = (__ate_subcommand)
end

# The value under the cursor, without its flag.
function __ate_typed
    commandline -ct | string replace -r '^--[^=]*=' ''
end

function __ate_list # WORDS: of a list with commas
    set -l before (__ate_typed | string match -r '^.*,')
    printf '%s\n' "$before"$argv
end

function __ate_own_arm # WORDS: one of them, or NAME:PATH=VALUE,...
    set -l before (__ate_typed | string match -r '^.*[:,]')
    if test -n "$before"
        printf '%s\n' "$before"$__ate_settings
    else
        printf '%s\n' $argv
    end
end

function __ate_runs
    __fish_complete_directories
    for run in tool_outputs/runs/*/
        echo $run
    end
end

complete -c ate -f
)sh";

std::string fish_quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' || c == '\\' ? std::string("\\") + c : std::string(1, c);
  return out + "'";
}

std::string joined(const std::vector<std::string>& words) { return fmt::format("{}", fmt::join(words, " ")); }

// The options of `complete` for what follows a flag or a command; "" for anything.
std::string candidates(const Values& values) {
  const std::string words = joined(values.words);
  switch (values.kind) {
    case ValueKind::words:
      return " -a " + fish_quoted(words);
    case ValueKind::list:
      return " -a " + fish_quoted("(__ate_list " + words + ")");
    case ValueKind::settings:
      return " -a '$__ate_settings'";
    case ValueKind::own_arm:
      return " -a " + fish_quoted("(__ate_own_arm " + words + ")");
    case ValueKind::files:
      return " -F" + (words.empty() ? "" : " -a " + fish_quoted(words));
    case ValueKind::folders:
      return " -a '(__fish_complete_directories)'";
    case ValueKind::runs:
      return " -a '(__ate_runs)'";
    case ValueKind::anything:
      break;
  }
  return "";
}

std::string flag_line(const std::string& condition, const FlagWords& flag) {
  std::string line = condition;
  for (const std::string& name : flag.names)
    line += name.rfind("--", 0) == 0 ? " -l " + name.substr(2) : " -s " + name.substr(1);
  if (flag.takes_value)
    line += (flag.values.kind == ValueKind::files ? " -r" : " -x") + candidates(flag.values);
  return line + " -d " + fish_quoted(flag.description) + "\n";
}

}  // namespace

std::string fish_completion(const std::vector<CommandWords>& commands) {
  std::vector<std::string> valued, names, settings;
  std::string lines;
  for (const CommandWords& command : commands) {
    if (!command.name.empty()) names.push_back(fish_quoted(command.name));
    const std::string condition = "complete -c ate -n " + fish_quoted("__ate_in " + command.name);
    for (const auto& [name, meaning] : command.subcommands)
      lines += condition + " -a " + fish_quoted(name) + " -d " + fish_quoted(meaning) + "\n";
    if (command.arguments != Values{}) lines += condition + candidates(command.arguments) + "\n";
    for (const FlagWords& flag : command.flags) {
      lines += flag_line(condition, flag);
      if (flag.takes_value) valued.insert(valued.end(), flag.names.begin(), flag.names.end());
    }
  }
  for (const SettingEntry& setting : setting_entries()) {
    settings.push_back(setting.path + "=");
    for (const std::string& word : setting.words()) settings.push_back(setting.path + "=" + word);
  }
  return "# fish completion of ate; written by `ate completions fish`.\n\nset -g __ate_commands " +
         joined(names) + "\nset -g __ate_valued " + joined(valued) + "\nset -g __ate_settings " +
         joined(settings) + "\n" + kFishFunctions + lines;
}

}  // namespace ate
