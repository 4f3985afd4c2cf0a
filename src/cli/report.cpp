#include "distil/report.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <map>
#include <memory>

#include "cli/checks.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "distil/page.h"
#include "run/console.h"
#include "run/folder.h"
#include "study/run_page.h"
#include "support/error.h"
#include "support/files.h"
#include "support/names.h"
#include "sweep/listing.h"
#include "sweep/verdicts.h"

namespace ate {
namespace {

namespace fs = std::filesystem;

struct ReportFlags {
  bool quiet = false;
  std::vector<std::string> runs;
  std::string out = "tool_outputs";
  std::string file;
  std::string format = "html";
};

// What is reported, for people and for programs.
struct Reported {
  std::string name;  // of a file
  std::function<Page()> page;
  std::function<Report()> report;
};

Reported reported_sweep(const fs::path& folder) {
  const fs::path named = folder.has_filename() ? folder : folder.parent_path();
  return {named.filename().string(), [=] { return sweep_page(folder); },
          [=] { return sweep_verdicts(folder); }};
}

Reported reported_distillation(const fs::path& folder) {
  const DistillationOutcome outcome = read_distillation(folder);
  return {outcome.run_id,
          [=] { return distillation_page(outcome, folder, read_json_if_sound(folder / "environment.json")); },
          [=] { return distillation_report(outcome); }};
}

Reported reported_runs(const std::vector<fs::path>& folders) {
  std::vector<StoredRun> runs;
  for (const fs::path& folder : folders) runs.push_back(read_run(folder, 0));
  return {runs.size() == 1 ? runs[0].result.run_id : "", [=] { return run_page(runs); },
          [=] { return runs_report(runs); }};
}

Reported find_reported(const ReportFlags& flags) {
  std::vector<fs::path> folders;
  for (const std::string& name : flags.runs) folders.push_back(find_run(name, flags.out));
  const auto alone = [&](size_t i, const char* what) {
    if (folders.size() > 1)
      throw BadInput(flags.runs[i], fmt::format("is {}, which has a page of its own: report it alone", what));
  };
  for (size_t i = 0; i < folders.size(); ++i) {
    if (has_listings(folders[i])) {
      alone(i, "a sweep");
      return reported_sweep(folders[i]);
    }
    if (is_distillation(read_stored_config(folders[i]))) {
      alone(i, "a distillation");
      return reported_distillation(folders[i]);
    }
  }
  return reported_runs(folders);
}

int report(const ReportFlags& flags) {
  set_up_log(flags.quiet ? Verbosity::quiet : Verbosity::normal, false);
  static const std::map<std::string, Format> formats = {
      {"md", Format::md}, {"csv", Format::csv}, {"json", Format::json}, {"jsonl", Format::jsonl}};
  const auto format = formats.find(flags.format);
  const bool html = flags.format == "html";
  if (!html && format == formats.end()) {
    const std::vector<std::string> names = {"html", "md", "csv", "json", "jsonl"};
    throw BadInput("--format " + flags.format,
                   "expected " + either(names) + did_you_mean(flags.format, names));
  }
  const Reported reported = find_reported(flags);
  std::string file = flags.file;
  if (file.empty() && html)
    file =
        (fs::path(flags.out) / (reported.name.empty() ? "report.html" : "report_" + reported.name + ".html"))
            .string();
  if (file.empty()) {
    write_stdout(render(reported.report(), format->second));
    return static_cast<int>(ExitCode::done);
  }
  if (const std::string why = why_not_writable(file); !why.empty()) throw BadInput("--output " + file, why);
  write_atomically(file, html ? html_page(reported.page()) : render(reported.report(), format->second));
  spdlog::info("written: {}", file);
  return static_cast<int>(ExitCode::done);
}

}  // namespace

void add_report(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand(
      "report", "Stored runs as a page for a browser: verdict, pictures, tables, in one file");
  auto flags = std::make_shared<ReportFlags>();
  command
      ->add_option(
          "RUN", flags->runs,
          "A run's folder, with or without its checkpoints, or the end of its name among the runs of --out; "
          "several go side by side. Or the folder of a sweep")
      ->type_name("RUN")
      ->required();
  command->add_option("--out", flags->out, "The folder of results (default: tool_outputs)")
      ->type_name("DIR")
      ->check(not_empty());
  command
      ->add_option("--format", flags->format,
                   "html (default), or the tables as md, csv (the first alone), json or jsonl")
      ->type_name("FORMAT");
  command
      ->add_option("--output", flags->file,
                   "The file to write (default: report_<run>.html in --out; other formats go to stdout)")
      ->type_name("FILE")
      ->check(not_empty());
  command->add_flag("-q,--quiet", flags->quiet, "Warnings and errors only on stderr");
  command->footer(
      "The page asks for nothing from outside and needs no script; the result's JSON is in it.\n"
      "Examples:\n"
      "  ate report tool_outputs/runs/validate-bespoke-focused-0123456789\n"
      "  ate report 0123456789 89abcdef01 --output both.html\n"
      "  ate report 0123456789 --format md > study.md\n"
      "  ate report rates                                  the folder of a sweep: verdicts over its grid");
  command->callback([flags, &action] { action = [flags] { return report(*flags); }; });
}

}  // namespace ate
