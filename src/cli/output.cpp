#include "cli/output.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <map>

#include "support/error.h"
#include "support/names.h"

namespace ate {

void OutputFlags::add_to(CLI::App& command) {
  const char* const group = "Output";
  command
      .add_option("--format", format_, "table (default), md, csv, json or jsonl; stdout holds nothing else")
      ->type_name("FORMAT")
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

void OutputFlags::set_up_log() const {
  if (quiet_ && verbose_) throw BadInput("--quiet", "says the opposite of --verbose; give one of them");
  ate::set_up_log(quiet_ ? Verbosity::quiet : verbose_ ? Verbosity::verbose : Verbosity::normal, plain_);
}

void write_stdout(const std::string& text) {
  errno = 0;
  const bool written = std::fwrite(text.data(), 1, text.size(), stdout) == text.size();
  if (!written || std::fflush(stdout) != 0)
    throw Failure("standard output", std::string("cannot be written: ") + std::strerror(errno));
}

}  // namespace ate
