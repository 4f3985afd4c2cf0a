#include <fmt/format.h>

#include "cli/completion_scripts.h"

namespace ate {
namespace {

// bash breaks words at = and : too, and replaces only what follows the last of them: the line is split here, completed
// whole, and cut to what bash replaces.
constexpr const char* kBashMain =
    R"sh(_ate_offer() {  # BEFORE CHOICES: those that go on as typed, each after BEFORE
  local choice
  for choice in $2; do
    if [[ $1$choice == "$value"* ]]; then COMPREPLY+=("$1$choice"); fi
  done
}

_ate_no_space() {
  compopt -o nospace 2>/dev/null
}

_ate_offer_paths() {  # OPTION OF compgen, FOLDER that is tried too
  local path
  compopt -o filenames 2>/dev/null
  while IFS= read -r path; do COMPREPLY+=("$path"); done < <(
    compgen "$1" -- "$value"
    if [[ -n $2 ]]; then compgen "$1" -- "$2$value"; fi
  )
}

# BEFORE: what is done of this word; the rest is PATH=VALUE, or PATH=VALUE,VALUE.
_ate_offer_setting() {
  local rest=${value#"$1"} choices
  if [[ $rest == *=* ]]; then
    _ate_choices "${rest%%=*}"
    local before=$1${rest%%=*}= given=${rest#*=}
    if [[ $given == *,* ]]; then before+=${given%,*},; fi
    _ate_offer "$before" "$choices"
  else
    _ate_no_space
    _ate_offer "$1" "${_ate_settings// /= }="
  fi
}

_ate_offer_values() {
  local before=''
  case $kind in
    words) _ate_offer '' "$choices" ;;
    list)
      if [[ $value == *,* ]]; then before=${value%,*},; fi
      _ate_offer "$before" "$choices"
      ;;
    settings) _ate_offer_setting '' ;;
    own_arm)
      if [[ $value == *:* ]]; then
        before=${value%%:*}:
        if [[ ${value#*:} == *,* ]]; then before=${value%,*},; fi
        _ate_no_space  # more settings may follow
        _ate_offer_setting "$before"
      else
        _ate_offer '' "$choices"
      fi
      ;;
    files)
      _ate_offer '' "$choices"
      _ate_offer_paths -f
      ;;
    folders) _ate_offer_paths -d ;;
    runs) _ate_offer_paths -d tool_outputs/runs/ ;;
  esac
}

_ate() {
  local line=${COMP_LINE:0:COMP_POINT} sub flag kind choices words value
  local -a typed
  read -ra typed <<<"$line"
  if [[ $line == *[[:space:]] ]]; then typed+=(''); fi
  local last=$((${#typed[@]} - 1))
  local current=${typed[last]}
  _ate_place "${typed[@]:0:last}"
  COMPREPLY=()
  value=$current
  if [[ -z $flag && $current == --*=* ]]; then
    flag=${current%%=*}
    value=${current#*=}
  fi
  if [[ -n $flag ]]; then
    _ate_value "$sub" "$flag"
    _ate_offer_values
  else
    _ate_words "$sub"
    if [[ $current != -* ]]; then words=${words%%|*}; fi
    _ate_offer '' "${words/|/ }"
    _ate_value "$sub" ''
    _ate_offer_values
  fi
  local kept=$value
  if [[ $COMP_WORDBREAKS == *:* && $value == *:* ]]; then kept=${value##*:}; fi
  if [[ $COMP_WORDBREAKS == *=* && $kept == *=* ]]; then kept=${kept##*=}; fi
  local done_part=${value%"$kept"} i
  for i in "${!COMPREPLY[@]}"; do COMPREPLY[i]=${COMPREPLY[i]#"$done_part"}; done
}

complete -F _ate ate
)sh";

}  // namespace

std::string bash_completion(const std::vector<CommandWords>& commands) {
  std::string words;
  for (const CommandWords& command : commands) {
    std::string subcommands, flags;
    for (const auto& [name, meaning] : command.subcommands) subcommands += name + " ";
    for (const FlagWords& flag : command.flags)
      for (const std::string& name : flag.names) flags += " " + name;
    words += fmt::format("    {}) words={} ;;\n", shell_quoted(command.name),
                         shell_quoted(subcommands + "|" + flags));
  }
  return "# bash completion of ate; written by `ate completions bash`.\n\n" + lookup_functions(commands) +
         "# COMMAND: sets words, its subcommands and its flags.\n_ate_words() {\n  words=''\n  case $1 in\n" +
         words + "  esac\n}\n\n" + place_functions(commands) + kBashMain;
}

}  // namespace ate
