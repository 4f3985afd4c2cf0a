#include "cli/output.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <map>
#include <thread>

#include "cli/checks.h"
#include "run/signals.h"
#include "support/error.h"
#include "support/names.h"
#include "support/terminal.h"

namespace ate {
namespace {

bool gone = false;  // whoever read stdout

bool has(const std::vector<std::string>& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

std::vector<std::string> names_of(const std::vector<Table>& tables) {
  std::vector<std::string> names;
  for (const Table& table : tables) names.push_back(table.name);
  return names;
}

void keep_tables(Report& report, const std::vector<std::string>& names) {
  const std::vector<std::string> there = names_of(report.tables);
  for (const std::string& name : names)
    if (!has(there, name))
      throw BadInput("--table " + name,
                     "this report has no such table; it has " + fmt::format("{}", fmt::join(there, ", ")));
  if (!has(names, there.front())) report.plot.reset();  // it belongs to the first
  report.tables.erase(std::remove_if(report.tables.begin(), report.tables.end(),
                                     [&](const Table& table) { return !has(names, table.name); }),
                      report.tables.end());
  for (Table& table : report.tables) table.machine = false;
}

}  // namespace

void OutputFlags::add_to(CLI::App& command, std::vector<std::string> tables) {
  const char* const group = "Output";
  tables_ = std::move(tables);
  command
      .add_option("--format", format_, "table (default), md, csv, json or jsonl; stdout holds nothing else")
      ->type_name("FORMAT")
      ->group(group);
  if (tables_.size() > 1)
    command
        .add_option(
            "--table", table_,
            fmt::format("These tables alone, of {}; csv holds one (default: the first there is), json the "
                        "whole document",
                        fmt::join(tables_, ", ")))
        ->type_name("LIST")
        ->check(not_empty())
        ->group(group);
  command.add_flag("--plain", plain_, "No live lines, no colour")->group(group);
  command.add_flag("-v,--verbose", verbose_, "Say more on stderr")->group(group);
  command.add_flag("-q,--quiet", quiet_, "Warnings and errors only on stderr")->group(group);
}

Format OutputFlags::format() const {
  static const std::map<std::string, Format> formats = {{"table", Format::table},
                                                        {"md", Format::md},
                                                        {"csv", Format::csv},
                                                        {"json", Format::json},
                                                        {"jsonl", Format::jsonl}};
  const auto it = formats.find(format_);
  if (it != formats.end()) return it->second;
  const std::vector<std::string> names = {"table", "md", "csv", "json", "jsonl"};
  throw BadInput("--format " + format_, "expected " + either(names) + did_you_mean(format_, names));
}

std::vector<std::string> OutputFlags::chosen() const {
  if (table_.empty()) return {};
  const std::string where = "--table " + table_;
  std::vector<std::string> names = split(table_, ',');
  for (const std::string& name : names)
    if (!has(tables_, name))
      throw BadInput(where, "expected a list of " + either(tables_) + did_you_mean(name, tables_));
  if (format() == Format::json)
    throw BadInput(where, "json holds the whole document: leave one of the two out");
  if (format() == Format::csv && names.size() > 1) throw BadInput(where, "csv holds one table: name one");
  return names;
}

std::vector<std::string> OutputFlags::selected(const std::vector<std::string>& asked) const {
  std::vector<std::string> names = chosen();
  if (!names.empty() || format() != Format::csv || asked.empty()) return names;
  if (asked.size() > 1)
    throw BadInput(
        "--format csv",
        fmt::format("holds one table, and {} were asked for: name one with --table", fmt::join(asked, ", ")));
  return asked;
}

void OutputFlags::start(const std::vector<std::string>& asked) const {
  (void)format();
  if (quiet_ && verbose_) throw BadInput("--quiet", "says the opposite of --verbose; give one of them");
  (void)selected(asked);
  set_up_log(quiet_ ? Verbosity::quiet : verbose_ ? Verbosity::verbose : Verbosity::normal, plain_);
}

void OutputFlags::print(Report report, const std::vector<std::string>& asked) const {
  const std::vector<std::string> names = selected(asked);
  if (!names.empty()) {
    keep_tables(report, names);
  } else if (format() == Format::csv && report.tables.size() > 1) {
    const std::vector<std::string> there = names_of(report.tables);
    spdlog::info("csv holds the table {}; --table gives another: {}", there[0],
                 fmt::join(there.begin() + 1, there.end(), ", "));
  }
  write_stdout(render(report, format(), terminal_width(STDOUT_FILENO)));
}

void write_stdout(const std::string& text) {
  if (gone) return;
  errno = 0;
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  if (written && std::fflush(stdout) == 0) return;
  gone = errno == EPIPE;
  if (!gone) throw Failure("standard output", std::string("cannot be written: ") + std::strerror(errno));
}

bool reader_left() { return gone; }

void wait_between_looks(const std::string& left) {
  for (int i = 0; i < 20; ++i) {
    if (stop_signal() != 0) throw interruption(left);
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
}

}  // namespace ate
