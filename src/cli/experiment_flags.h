// Flags that choose an experiment, shared by every command that runs or shows one.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "config/resolve.h"

namespace ate {

class ExperimentFlags {
 public:
  void add_to(CLI::App& command);
  // The same for a command that trains one model: --arm and --seed take one each.
  void add_to_single(CLI::App& command);

  bool given() const { return !preset_.empty() || !file_.empty(); }

  // Presets, file, --set and flags as one config; warnings go to the log. Throws BadInput when none was chosen or something is wrong.
  Resolved resolve() const;

 private:
  // A dedicated flag and the setting that it stands for.
  struct Shortcut {
    std::string flag;     // "--epochs"
    std::string pointer;  // "/schedule/epochs"
    std::string value;    // as typed; "" when not given
  };

  void add(CLI::App& command, bool single);

  bool single_ = false;
  std::string preset_;
  std::string file_;
  std::vector<std::string> sets_;
  std::vector<Shortcut> shortcuts_;
};

}  // namespace ate
