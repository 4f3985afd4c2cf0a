// How commands print: results to stdout, in the format asked for.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "report/table.h"
#include "run/console.h"

namespace ate {

// --format, --plain, -v and -q.
class OutputFlags {
 public:
  void add_to(CLI::App& command);
  Format format() const;    // throws BadInput for an unknown one
  void set_up_log() const;  // throws BadInput for -v with -q

 private:
  std::string format_ = "table";
  bool plain_ = false;
  bool verbose_ = false;
  bool quiet_ = false;
};

// Throws Failure when stdout takes no more: a full disk must not look like success.
void write_stdout(const std::string& text);

}  // namespace ate
