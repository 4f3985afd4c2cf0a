#include "cli/command_words.h"

#include <algorithm>
#include <cctype>
#include <map>

#include "claims/register.h"
#include "cli/help_text.h"
#include "config/kinds.h"
#include "config/reference.h"
#include "config/resolve.h"
#include "support/names.h"

namespace ate {
namespace {

std::vector<std::string> with(std::vector<std::string> words, const std::string& more) {
  words.push_back(more);
  return words;
}

// Words of a type's name that stand for themselves: "auto" of "N|auto".
std::vector<std::string> literal_words(const std::string& type) {
  std::vector<std::string> words;
  for (const std::string& word : split(type, '|'))
    if (!word.empty() &&
        std::all_of(word.begin(), word.end(), [](unsigned char c) { return std::islower(c); }))
      words.push_back(word);
  return words;
}

// What follows a flag: by its type, else by its name.
Values values_of(const std::string& flag, const std::string& type) {
  const std::vector<std::string> arms = registered_names<EmbeddingDescription>();
  static const std::map<std::string, ValueKind> kinds = {{"FILE", ValueKind::files},
                                                         {"CHECKPOINT", ValueKind::files},
                                                         {"DIR", ValueKind::folders},
                                                         {"PATH=VALUE", ValueKind::settings},
                                                         {"PATH=VALUES", ValueKind::settings}};
  if (const auto kind = kinds.find(type); kind != kinds.end()) return {kind->second};
  if (flag == "--arm") return {ValueKind::own_arm, arms};
  if (flag == "--arms") return {ValueKind::list, with(arms, "all")};
  if (flag == "--kinds") return {ValueKind::list, registered_names<AttentionDescription>()};
  if (flag == "--preset") return {ValueKind::words, preset_names()};
  if (flag == "--device") return {ValueKind::words, {"auto", "cpu", "cuda", "mps"}};
  if (flag == "--format") return {ValueKind::words, {"table", "md", "csv", "json", "jsonl"}};
  if (flag == "--only") {
    Values ids{ValueKind::words};
    for (const Claim& claim : original_register().claims) ids.words.push_back(claim.id);
    return ids;
  }
  static const std::vector<SettingEntry> settings = setting_entries();
  for (const SettingEntry& setting : settings)
    if ("--" + setting.path == flag && !setting.words().empty()) return {ValueKind::words, setting.words()};
  const std::vector<std::string> words = literal_words(type);
  return words.empty() ? Values{} : Values{ValueKind::words, words};
}

Values arguments_of(const CLI::App& command) {
  const std::string name = short_name(command);
  for (const CLI::Option* argument :
       command.get_options([](const CLI::Option* o) { return o->get_positional(); }))
    if (argument->get_type_name().rfind("DIR", 0) == 0) return {ValueKind::runs};
  if (name == "config diff") return {ValueKind::files, preset_names()};
  if (name == "completions") return {ValueKind::words, {"bash", "zsh", "fish"}};
  if (name != "help") return {};
  Values values{ValueKind::words};
  for (const auto& [word, meaning] : subcommand_rows(*command.get_parent())) values.words.push_back(word);
  return values;
}

FlagWords flag_words(const CLI::Option& option) {
  FlagWords flag;
  for (const std::string& name : option.get_snames()) flag.names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) flag.names.push_back("--" + name);
  flag.description = option.get_description();
  flag.takes_value = option.get_type_size() != 0 && !option.get_type_name().empty();
  if (flag.takes_value) flag.values = values_of(flag.names.back(), option.get_type_name());
  return flag;
}

void add_command(const CLI::App& command, std::vector<CommandWords>& all) {
  CommandWords words;
  words.name = short_name(command);
  words.description = command.get_description();
  words.subcommands = subcommand_rows(command);
  words.arguments = arguments_of(command);
  for (const CLI::Option* option :
       command.get_options([](const CLI::Option* o) { return o->nonpositional(); }))
    words.flags.push_back(flag_words(*option));
  all.push_back(std::move(words));
  for (const CLI::App* sub : command.get_subcommands([](const CLI::App*) { return true; }))
    add_command(*sub, all);
}

}  // namespace

std::vector<CommandWords> command_words(const CLI::App& app) {
  std::vector<CommandWords> all;
  add_command(app, all);
  return all;
}

const char* value_kind_name(ValueKind kind) {
  switch (kind) {
    case ValueKind::words:
      return "words";
    case ValueKind::list:
      return "list";
    case ValueKind::settings:
      return "settings";
    case ValueKind::own_arm:
      return "own_arm";
    case ValueKind::files:
      return "files";
    case ValueKind::folders:
      return "folders";
    case ValueKind::runs:
      return "runs";
    case ValueKind::anything:
      break;
  }
  return "anything";
}

}  // namespace ate
