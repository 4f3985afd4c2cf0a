#include <spdlog/spdlog.h>

#include <memory>

#include "cli/checks.h"
#include "cli/commands.h"
#include "cli/experiment_flags.h"
#include "cli/output.h"
#include "cli/run_flags.h"
#include "run/signals.h"
#include "study/width_search.h"
#include "support/error.h"

namespace ate {
namespace {

struct WidthsFlags {
  ExperimentFlags experiment;
  OutputFlags output;
  RunFlags run;
  WidthSearchOptions search;
  std::string study;
};

int run(WidthsFlags flags) {
  install_signal_handlers();
  flags.output.start();
  Resolved resolved = flags.experiment.resolve();
  refuse_unread(resolved, {{"/train/", "only ate train reads it: leave it out"},
                           {"/study/arms", "the search makes its own arms: leave it out"},
                           {"/embedding/widths", "the search finds them: leave it out"}});
  flags.search.run.out = flags.run.out;
  flags.search.run.fresh = flags.run.fresh;
  flags.search.run.save_seconds = flags.run.save_seconds;
  flags.search.run.silence = flags.run.silence;
  flags.search.study = flags.study;
  const WidthSearch search = search_widths(std::move(resolved), flags.search);
  flags.output.print(width_search_report(search));
  spdlog::info("the study is in {}", search.file.string());
  return static_cast<int>(ExitCode::done);
}

}  // namespace

void add_widths(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand(
      "widths",
      "Find widths of embedding blocks by pruning over-wide models; writes a study that tests them");
  auto flags = std::make_shared<WidthsFlags>();
  flags->experiment.add_to(*command);
  const char* const group = "Search";
  command->add_option("--blocks", flags->search.blocks, "Blocks of equal occurrence (default: 4)")
      ->type_name("N")
      ->check(whole_number(2, 64))
      ->group(group);
  command
      ->add_option("--parameters", flags->search.parameters,
                   "Budget of the embedding, tables and projections (default: as mixed_dim has)")
      ->type_name("N")
      ->check(whole_number(1, 1'000'000'000'000))
      ->group(group);
  command
      ->add_option("--random", flags->search.random,
                   "Arms of the study with widths drawn at random (default: 3)")
      ->type_name("N")
      ->check(whole_number(0, 64))
      ->group(group);
  command
      ->add_option("--study", flags->study, "Where to write the study (default: study_<run>.json in --out)")
      ->type_name("FILE")
      ->check(not_empty())
      ->group(group);
  add_jobs(*command, flags->search.run.jobs);
  flags->run.add_to(*command);
  flags->output.add_to(*command, {"blocks", "arms"});
  command->footer(
      "Trains one over-wide model for each of study.tune.seeds, keeps the columns with most energy per\n"
      "parameter, and writes a study: the widths found against the power rule, one width for all and\n"
      "random widths, all of one budget, on the config's own seeds.\n"
      "Example:\n"
      "  ate widths --preset medium --study widths.json\n"
      "  ate study --config widths.json\n"
      "  ate study --config widths.json --set source.exponent=1.0   the same widths under another law\n"
      "Interrupt it at any time: the same command goes on where it stopped.");
  command->callback([flags, &action] { action = [flags] { return run(*flags); }; });
}

}  // namespace ate
