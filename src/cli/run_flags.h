// Flags of every command that trains: where a run is kept, and how.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "run/leases.h"

namespace ate {

struct RunFlags {
  std::string out = "tool_outputs";
  bool fresh = false;
  double save_seconds = 30;
  double silence = kLeaseSilence;

  void add_to(CLI::App& command);
  // Throws BadInput with `why` for each of them that was given.
  void refuse(const std::string& why) const;

 private:
  std::vector<CLI::Option*> options_;
};

inline constexpr const char* kRunGroup = "Run";  // the flags' heading in --help

// Flags that some of these commands have.
void add_jobs(CLI::App& command, int& jobs);
CLI::Option* add_save_every(CLI::App& command, double& seconds);

}  // namespace ate
