// How commands print: results to stdout, in the format asked for.
#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "report/table.h"
#include "run/console.h"

namespace ate {

// --format, --table, --plain, -v and -q.
class OutputFlags {
 public:
  // `tables`: the names of the tables that the command's reports may have. With several --table chooses.
  void add_to(CLI::App& command, std::vector<std::string> tables = {});

  // Checks the flags and sets up the log, before any work. `asked`: tables that other flags ask for by themselves.
  // Throws BadInput.
  void start(const std::vector<std::string>& asked = {}) const;

  void choose_json() { format_ = "json"; }  // whatever --format says
  Format format() const;                    // throws BadInput for an unknown one
  bool for_people() const { return format() == Format::table || format() == Format::md; }
  // The names that --table has; empty for all.
  std::vector<std::string> chosen() const;

  // To stdout: the tables that --table names. csv holds one: that one, else the one that was asked for, else the first.
  void print(Report report, const std::vector<std::string>& asked = {}) const;

 private:
  std::vector<std::string> selected(const std::vector<std::string>& asked) const;

  std::string format_ = "table";
  std::string table_;
  std::vector<std::string> tables_;
  bool plain_ = false;
  bool verbose_ = false;
  bool quiet_ = false;
};

// Throws Failure when stdout takes no more: a full disk must not look like success. A reader that has left, such as
// head, is no failure: reader_left() is true from then on, and the command goes on to its end.
void write_stdout(const std::string& text);
bool reader_left();

// The two seconds between two looks of --watch. Throws Interrupted, with what a user should know, at a stop signal.
void wait_between_looks(const std::string& left);

// What a command then ends with in place of 0: what shells call the signal of a broken pipe.
inline constexpr int kReaderLeft = 141;

}  // namespace ate
