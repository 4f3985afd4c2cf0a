// Flags that choose an experiment, shared by every command that runs or shows one.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "config/resolve.h"

namespace ate {

// Settings under a JSON pointer, and why a command does nothing with them.
struct Unread {
  std::string under;  // "/train/"
  std::string why;
  std::string except{};  // one of them that it reads
};

// Whether a flag made the setting: --set or a dedicated one, not a preset or a file.
bool made_by_flag(const Resolved& resolved, const std::string& pointer);

// Throws BadInput for every setting under these pointers that a flag made: no flag is dropped without a word. Presets
// and files may have them.
void refuse_unread(const Resolved& resolved, const std::vector<Unread>& unread);

// The arms, and the kinds of attention, with a word each, as rows of a footer.
std::string arm_rows();
std::string attention_rows();

class ExperimentFlags {
 public:
  void add_to(CLI::App& command);
  // The same with --arm and --tune, for arms of one's own.
  void add_to_study(CLI::App& command);
  // The same for a command that trains one model: --arm and --seed take one each.
  void add_to_single(CLI::App& command);

  // --config, --set and --device, for a command that reads what is stored.
  void add_to_stored(CLI::App& command);

  bool given() const { return !preset_.empty() || !file_.empty(); }

  // Presets, file, --set and flags as one config; warnings go to the log. Throws BadInput when none was chosen or something is wrong, and
  // for a list where one is to be trained.
  Resolved resolve() const;
  // The same over this file where neither preset nor file was chosen; `sets`: below the user's, as --set takes them.
  Resolved resolve_over(const std::string& file, std::vector<std::string> sets = {}) const;

 private:
  // A dedicated flag and the setting that it stands for.
  struct Shortcut {
    std::string flag;     // "--epochs"
    std::string pointer;  // "/schedule/epochs"
    std::string value;    // as typed; "" when not given
  };

  void add(CLI::App& command, bool single);
  void add_settings(CLI::App& command, const std::string& what_config_is);
  Layer own_arms() const;
  Layer axes() const;

  bool single_ = false;
  std::string preset_;
  std::string file_;
  std::vector<std::string> sets_;
  std::vector<Shortcut> shortcuts_;
  std::vector<std::string> arms_;  // of --arm, "wide:body.width=256"
  std::vector<std::string> axes_;  // of --tune, "optimiser.learning_rate=1e-3,3e-3"
};

}  // namespace ate
