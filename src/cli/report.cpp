#include <spdlog/spdlog.h>

#include <memory>

#include "cli/checks.h"
#include "cli/commands.h"
#include "run/console.h"
#include "study/run_page.h"
#include "support/error.h"
#include "support/files.h"

namespace ate {
namespace {

struct ReportFlags {
  bool quiet = false;
  std::vector<std::string> runs;
  std::string out = "tool_outputs";
  std::string file;
};

int report(const ReportFlags& flags) {
  set_up_log(flags.quiet ? Verbosity::quiet : Verbosity::normal, false);
  std::vector<StoredRun> runs;
  for (const std::string& name : flags.runs) runs.push_back(read_run(find_run(name, flags.out), 0));
  std::string file = flags.file;
  if (file.empty())
    file = (std::filesystem::path(flags.out) /
            (runs.size() == 1 ? "report_" + runs[0].result.run_id + ".html" : std::string("report.html")))
               .string();
  if (const std::string why = why_not_writable(file); !why.empty()) throw BadInput("--output " + file, why);
  write_atomically(file, html_page(run_page(runs)));
  spdlog::info("written: {}", file);
  return static_cast<int>(ExitCode::done);
}

}  // namespace

void add_report(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand(
      "report", "Stored runs as a page for a browser: verdict, pictures, tables, in one file");
  auto flags = std::make_shared<ReportFlags>();
  command
      ->add_option("RUN", flags->runs,
                   "A run's folder, or the end of its name among the runs of --out; several go side by side")
      ->type_name("RUN")
      ->required();
  command->add_option("--out", flags->out, "The folder of results (default: tool_outputs)")
      ->type_name("DIR")
      ->check(not_empty());
  command->add_option("--output", flags->file, "The file to write (default: report_<run>.html in --out)")
      ->type_name("FILE")
      ->check(not_empty());
  command->add_flag("-q,--quiet", flags->quiet, "Warnings and errors only on stderr");
  command->footer(
      "The page asks for nothing from outside and needs no script; the result's JSON is in it.\n"
      "Examples:\n"
      "  ate report tool_outputs/runs/validate-bespoke-focused-0123456789\n"
      "  ate report 0123456789 89abcdef01 --output both.html");
  command->callback([flags, &action] { action = [flags] { return report(*flags); }; });
}

}  // namespace ate
