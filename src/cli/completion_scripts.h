// Completion scripts for shells. Each holds all words itself: to start ate at every key takes too long.
#pragma once

#include <string>
#include <vector>

#include "cli/command_words.h"
#include "config/reference.h"

namespace ate {

std::string bash_completion(const std::vector<CommandWords>& commands);
std::string zsh_completion(const std::vector<CommandWords>& commands);
std::string fish_completion(const std::vector<CommandWords>& commands);

// In single quotes, as bash and zsh read it.
std::string shell_quoted(const std::string& text);

// What bash and zsh share: functions that look words up.
//   _ate_value COMMAND FLAG   sets kind and choices: what may follow the flag; without a flag, the command's arguments
//   _ate_choices PATH         sets choices: the values of a setting that is a choice of words
std::string lookup_functions(const std::vector<CommandWords>& commands);

// What both do before they complete: find the command, and the flag whose value is asked for.
std::string place_functions(const std::vector<CommandWords>& commands);

}  // namespace ate
