// Flags of every command that trains: where a run is kept, and how.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace ate {

struct RunFlags {
  std::string out = "tool_outputs";
  bool fresh = false;
  double save_seconds = 30;

  void add_to(CLI::App& command);
};

inline constexpr const char* kRunGroup = "Run";  // the flags' heading in --help

}  // namespace ate
