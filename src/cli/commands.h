// The subcommands. Each file of this folder adds one: its flags, and a function that makes the request, calls
// the function that does the work, prints, and returns the exit code.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>

namespace ate {

// What main runs once the command line is parsed.
using Action = std::function<int()>;

void add_validate_bespoke(CLI::App& app, Action& action);
void add_study(CLI::App& app, Action& action);
void add_widths(CLI::App& app, Action& action);
void add_report(CLI::App& app, Action& action);
void add_sweep(CLI::App& app, Action& action, const std::string& program);
void add_compare(CLI::App& app, Action& action);
void add_status(CLI::App& app, Action& action);
void add_demo(CLI::App& app, Action& action);
void add_train(CLI::App& app, Action& action);
void add_generate(CLI::App& app, Action& action);
void add_audit(CLI::App& app, Action& action);
void add_compute_analysis(CLI::App& app, Action& action);
void add_gpt4_analysis(CLI::App& app, Action& action);
// `program`: how this program was called.
void add_bench(CLI::App& app, Action& action, const std::string& program);
void add_bench_step(CLI::App& bench, Action& action);
void add_source(CLI::App& app, Action& action);
void add_config(CLI::App& app, Action& action);
void add_completions(CLI::App& app, Action& action);
void add_help(CLI::App& app, Action& action);

// Says on stderr that a subcommand is missing or, where something was `typed` in its place, that it is none; lists
// those that there are. Returns the exit code of bad usage.
int list_subcommands(const CLI::App& command, const std::string& typed);

}  // namespace ate
