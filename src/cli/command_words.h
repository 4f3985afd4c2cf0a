// The command line as words, for shell completion: each command with its flags, and what may follow each.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

namespace ate {

enum class ValueKind {
  anything,
  words,     // one of them
  list,      // some of them, with commas between
  settings,  // PATH=VALUE
  own_arm,   // one of the words, or NAME:PATH=VALUE,...
  files,     // or one of the words
  folders,
  runs  // folders of runs
};

struct Values {
  ValueKind kind = ValueKind::anything;
  std::vector<std::string> words{};
  bool operator==(const Values&) const = default;
};

struct FlagWords {
  std::vector<std::string> names;  // "-q", "--quiet"
  std::string description;
  bool takes_value = false;
  Values values{};
};

struct CommandWords {
  std::string name;  // "config show"; "" for ate itself
  std::string description;
  std::vector<std::pair<std::string, std::string>> subcommands;  // with a word each
  std::vector<FlagWords> flags;
  Values arguments{};  // what its arguments are
};

// Every command below `app`, and itself.
std::vector<CommandWords> command_words(const CLI::App& app);

// The name of a kind, as the scripts have it.
const char* value_kind_name(ValueKind kind);

}  // namespace ate
