#include <memory>

#include "analysis/crossover.h"
#include "analysis/gpt4_report.h"
#include "analysis/grid.h"
#include "claims/register.h"
#include "cli/checks.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "support/error.h"

namespace ate {
namespace {

struct Gpt4Flags {
  OutputFlags output;
  std::string lengths = "8192,128000";
  std::vector<std::string> assume;
};

std::vector<gpt4::PrintedBlock> printed_blocks() {
  std::vector<gpt4::PrintedBlock> printed;
  for (const Claim& claim : claims_checked_by("gpt4_row"))
    printed.push_back({claim.given["T"], claim.given["full_millions"], claim.given["sparse_millions"],
                       claim.given["ratio"]});
  return printed;
}

std::vector<int64_t> lengths_of(const std::string& text) {
  std::vector<int64_t> lengths;
  bool read = parse_grid(text, lengths);
  for (const int64_t length : lengths) read = read && length >= 1 && length <= kLongest;
  if (!read) throw BadInput("--T " + text, grid_expectation(1, kLongest) + ", got \"" + text + "\"");
  return lengths;
}

int gpt4_analysis(const Gpt4Flags& flags) {
  flags.output.start();
  const std::vector<int64_t> lengths = lengths_of(flags.lengths);
  std::string assumed;
  for (const std::string& text : flags.assume) assumed += (assumed.empty() ? "" : ",") + text;
  const bool as_published = flags.assume.empty();
  const gpt4::Assumptions assumptions =
      as_published ? gpt4::Assumptions{} : gpt4::read_assumptions("--assume", assumed);
  const auto printed = as_published ? printed_blocks() : std::vector<gpt4::PrintedBlock>{};
  flags.output.print(gpt4::analysis_report(assumptions, lengths, printed));
  return static_cast<int>(ExitCode::done);
}

}  // namespace

void add_gpt4_analysis(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand(
      "gpt4-analysis", "The same at GPT-4's guessed shape, and which assumption carries each number");
  auto flags = std::make_shared<Gpt4Flags>();
  const char* const group = "Shape";
  command
      ->add_option("--T", flags->lengths,
                   "Tokens in the sequence (default 8192,128000); k = 1024, M = 1024^2")
      ->type_name("LIST")
      ->check(not_empty())
      ->group(group);
  command
      ->add_option(
          "--assume", flags->assume,
          "Other sizes, of d, heads, layers, batch, k, hidden, feedforward and vocabulary; repeatable")
      ->type_name("NAME=N,...")
      ->check(not_empty())
      ->type_size(1)
      ->allow_extra_args(false)
      ->group(group);
  flags->output.add_to(*command, {"rows", "corrected", "memory", "sensitivity"});
  command->footer(
      "Examples:\n"
      "  ate gpt4-analysis                                    the original report's two rows, recomputed\n"
      "  ate gpt4-analysis --assume d=12288,layers=96 --T 2k..128k\n"
      "  ate gpt4-analysis --T 10000000                       ten million tokens, exactly");
  command->callback([flags, &action] { action = [flags] { return gpt4_analysis(*flags); }; });
}

}  // namespace ate
