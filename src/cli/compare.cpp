#include <memory>
#include <optional>

#include "cli/checks.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "study/run_comparison.h"
#include "study/run_page.h"
#include "support/error.h"

namespace ate {
namespace {

struct CompareFlags {
  OutputFlags output;
  std::string left;
  std::string right;
  std::string out = "tool_outputs";
  int64_t epoch = 0;
  std::optional<double> margin;
};

int compare(const CompareFlags& flags) {
  flags.output.start();
  const StoredRun left = read_run(find_run(flags.left, flags.out), flags.epoch);
  const StoredRun right = read_run(find_run(flags.right, flags.out), flags.epoch);
  const double margin = flags.margin.value_or(left.result.config.study.margin);
  flags.output.print(run_comparison_report(compare_runs(left, right, margin), left, right));
  return static_cast<int>(ExitCode::done);
}

}  // namespace

void add_compare(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand(
      "compare", "The same trials of two runs, pair by pair: whether a setting changed what came out");
  auto flags = std::make_shared<CompareFlags>();
  command->add_option("LEFT", flags->left, "A run's folder, or the end of its name among the runs of --out")
      ->type_name("DIR")
      ->required();
  command->add_option("RIGHT", flags->right, "Another, of the same corpus")->type_name("DIR")->required();
  command->add_option("--out", flags->out, "The folder of results (default: tool_outputs)")
      ->type_name("DIR")
      ->check(not_empty());
  command
      ->add_option("--epoch", flags->epoch,
                   "Compare after this epoch; trials under way count too (default: at the end of each trial)")
      ->type_name("N")
      ->check(whole_number(1, 1'000'000'000));
  command
      ->add_option("--margin", flags->margin,
                   "Differences below this share of the entropy do not matter (default: LEFT's study.margin; "
                   "0: none is too small)")
      ->type_name("SHARE")
      ->check(number(0, 1));
  flags->output.add_to(*command);
  command->footer(
      "Trials pair by the arm's name and seed. A row for each arm, then one for what each arm is to the "
      "baseline.\n"
      "Example:\n"
      "  ate validate-bespoke --preset medium --epochs 5\n"
      "  ate validate-bespoke --preset medium --epochs 5 --dtype bf16\n"
      "  ate compare tool_outputs/runs/<the first> tool_outputs/runs/<the second> --margin 0.001");
  command->callback([flags, &action] { action = [flags] { return compare(*flags); }; });
}

}  // namespace ate
