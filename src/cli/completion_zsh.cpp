#include <fmt/format.h>

#include "cli/completion_scripts.h"

namespace ate {
namespace {

constexpr const char* kZshMain = R"sh(_ate_offer_setting() {  # PATH=VALUE, or PATH=VALUE,VALUE
  local setting=${PREFIX%%=*} choices
  if compset -P 1 '*='; then
    compset -P '*,'
    _ate_choices "$setting"
    compadd -- ${=choices}
  else
    compadd -S = -- ${=_ate_settings}
  fi
}

_ate_offer_values() {
  case $kind in
    words) compadd -- ${=choices} ;;
    list)
      compset -P '*,'
      compadd -- ${=choices}
      ;;
    settings) _ate_offer_setting ;;
    own_arm)
      if compset -P 1 '*:'; then
        compset -P '*,'
        _ate_offer_setting
      else
        compadd -- ${=choices}
      fi
      ;;
    files)
      compadd -- ${=choices}
      _files
      ;;
    folders) _files -/ ;;
    runs)
      compadd -- tool_outputs/runs/*(N/)
      _files -/
      ;;
  esac
}

_ate() {
  local sub flag kind choices
  local -a subcommands flags
  _ate_place "${(@)words[1,CURRENT-1]}"
  if [[ -z $flag && $PREFIX == --*=* ]]; then
    flag=${PREFIX%%=*}
    compset -P 1 '*='
  fi
  if [[ -n $flag ]]; then
    _ate_value "$sub" "$flag"
    _ate_offer_values
  elif [[ $PREFIX == -* ]]; then
    _ate_words "$sub"
    _describe -o flag flags
  else
    _ate_words "$sub"
    if (( ${#subcommands} )); then _describe subcommand subcommands; fi
    _ate_value "$sub" ''
    _ate_offer_values
  fi
}

if [[ ${funcstack[1]} == _ate ]]; then _ate "$@"; else compdef _ate ate; fi
)sh";

// "word:what it means" as _describe takes it.
std::string described(const std::string& word, const std::string& meaning) {
  return shell_quoted(word + ":" + meaning);
}

}  // namespace

std::string zsh_completion(const std::vector<CommandWords>& commands) {
  std::string words;
  for (const CommandWords& command : commands) {
    words += fmt::format("    {})\n", shell_quoted(command.name));
    for (const auto& [name, meaning] : command.subcommands)
      words += fmt::format("      subcommands+=({})\n", described(name, meaning));
    for (const FlagWords& flag : command.flags)
      for (const std::string& name : flag.names)
        words += fmt::format("      flags+=({})\n", described(name, flag.description));
    words += "      ;;\n";
  }
  return "#compdef ate\n# zsh completion of ate; written by `ate completions zsh`.\n\n" +
         lookup_functions(commands) +
         "# COMMAND: sets subcommands and flags, each with a word on it.\n_ate_words() {\n  case $1 in\n" +
         words + "  esac\n}\n\n" + place_functions(commands) + kZshMain;
}

}  // namespace ate
