#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <optional>

#include "analysis/grid.h"
#include "analysis/plot.h"
#include "analysis/report.h"
#include "bench/machine.h"
#include "bench/report.h"
#include "claims/register.h"
#include "cli/analysis_flags.h"
#include "cli/checks.h"
#include "cli/commands.h"
#include "cli/output.h"
#include "report/picture_path.h"
#include "support/error.h"
#include "support/names.h"

namespace ate {
namespace {

struct CostFlagFlags {
  AnalysisFlags analysis;
  OutputFlags output;
  MeasureOptions options;
  std::string show = "crossovers";
  std::string roofline;
  std::string plot;
  bool measure = false;
  CLI::Option* show_option = nullptr;
  std::vector<CLI::Option*> measuring{};  // flags that --measure alone reads
};

// What --show takes.
std::vector<std::string> section_names() {
  std::vector<std::string> names;
  for (const Section section : kSections) names.emplace_back(section_name(section));
  names.insert(names.end(), {"all", "none"});
  return names;
}

std::vector<std::string> table_names() {
  std::vector<std::string> names = {"rows"};
  for (const Section section : kSections) names.emplace_back(section_name(section));
  names.insert(names.end(), {"roofline", "measured"});
  return names;
}

std::vector<Section> sections_of(const std::string& show) {
  const std::vector<std::string> names = section_names();
  std::vector<Section> sections;
  for (const std::string& name : split(show, ',')) {
    if (std::find(names.begin(), names.end(), name) == names.end())
      throw BadInput("--show " + show, "expected a list of " + either(names) + did_you_mean(name, names));
    for (const Section section : kSections)
      if (name == section_name(section) || name == "all") sections.push_back(section);
  }
  return sections;
}

// The tables that flags ask for by themselves, beside the costs.
std::vector<std::string> asked_tables(const CostFlagFlags& flags) {
  std::vector<std::string> names;
  if (flags.show_option->count() > 0)
    for (const Section section : sections_of(flags.show)) names.emplace_back(section_name(section));
  if (!flags.roofline.empty()) names.emplace_back("roofline");
  if (flags.measure) names.emplace_back("measured");
  return names;
}

// What --show names, and what --table does.
std::vector<Section> wanted_sections(const CostFlagFlags& flags) {
  std::vector<Section> sections = sections_of(flags.show);
  for (const std::string& name : flags.output.chosen())
    for (const Section section : kSections)
      if (name == section_name(section) &&
          std::find(sections.begin(), sections.end(), section) == sections.end())
        sections.push_back(section);
  return sections;
}

std::vector<std::string> device_names() {
  std::vector<std::string> names = {"cpu"};
  for (const Device& device : data_sheet_devices()) names.push_back(device.name);
  return names;
}

// The device whose roof is asked for; its numbers are from data sheets, or measured if it is this
// processor.
Device roofline_device(const std::string& name) {
  const std::vector<std::string> names = device_names();
  if (std::find(names.begin(), names.end(), name) == names.end())
    throw BadInput("--roofline " + name, "expected " + either(names) + did_you_mean(name, names));
  for (const Device& device : data_sheet_devices())
    if (device.name == name) return device;
  return measure_cpu();
}

// The ratios that the original report prints, as the register of claims has them. The row labelled 2048 stands
// beside the shape that its numbers come from.
std::vector<PrintedRatio> printed_ratios() {
  std::vector<PrintedRatio> printed;
  for (const Claim& claim : claims_checked_by("speedup_row"))
    for (const Shape& shape : document_shapes())
      if (shape.length == claim.given["T"]) {
        printed.push_back({shape.width, shape.length, claim.given["ratio"]});
        break;
      }
  return printed;
}

int compute_analysis(const CostFlagFlags& flags) {
  const std::vector<std::string> asked = asked_tables(flags);
  flags.output.start(asked);
  if (!flags.measure) refuse_given(flags.measuring, "is for --measure: give that too, or leave it out");
  const AnalysisRequest request = flags.analysis.request();
  AnalysisView view;
  view.for_people = flags.output.for_people();
  view.sections = wanted_sections(flags);
  if (request.document_sizes) view.printed = printed_ratios();
  if (flags.measure) require_device(flags.options.device, "--device");
  std::optional<SvgFile> plot_file;
  if (!flags.plot.empty()) plot_file.emplace("--plot", flags.plot);
  if (!flags.roofline.empty()) view.device = roofline_device(flags.roofline);

  Report report = analysis_report(request, view);
  std::vector<MeasuredShape> measured;
  if (flags.measure) {
    MeasureOptions options = flags.options;
    options.element_bytes = request.element_bytes;
    for (const Shape& shape : request.shapes) measured.push_back(measure_attention(shape, options));
    report.tables.push_back(measured_rows(measured));
    for (std::string& note : measured_notes(measured)) report.notes.push_back(std::move(note));
    report.document["measured"] = objects_of(report.tables.back());
    report.document["notes"] = report.notes;
  }
  flags.output.print(report, asked);
  if (plot_file) {
    CurvePlot plot = speedup_plot(request);
    add_measured_curves(plot, measured);
    plot_file->write(svg_plot(plot));
  }
  return static_cast<int>(ExitCode::done);
}

}  // namespace

void add_compute_analysis(CLI::App& app, Action& action) {
  CLI::App* command = app.add_subcommand(
      "compute-analysis", "What attention costs across shapes, as published and counted alike on both sides");
  auto flags = std::make_shared<CostFlagFlags>();
  flags->analysis.add_to(*command);
  const char* const group = "Analysis";
  flags->show_option = command
                           ->add_option("--show", flags->show,
                                        "Tables beside the costs: " + either(section_names()) +
                                            " (default crossovers; JSON has all)")
                           ->type_name("LIST")
                           ->check(not_empty())
                           ->group(group);
  command
      ->add_option("--roofline", flags->roofline,
                   "Bounds of each path on a device: " + either(device_names()) + " (cpu is measured)")
      ->type_name("DEVICE")
      ->check(not_empty())
      ->group(group);
  command->add_option("--plot", flags->plot, "Draw speedup over T into an .svg file")
      ->type_name("FILE")
      ->check(not_empty())
      ->group(group);
  const char* const measure = "Measure";
  command
      ->add_flag("--measure", flags->measure,
                 "Time dense attention (every fused backend that LibTorch has here) and the sparse kinds")
      ->group(measure);
  flags->measuring = {
      command->add_option("--repeats", flags->options.repeats, "Timed runs of each path (default 5)")
          ->type_name("N")
          ->check(whole_number(1, 1000))
          ->group(measure),
      command
          ->add_option("--device", flags->options.device,
                       "auto (default), cpu, cuda, cuda:N or mps, for --measure")
          ->type_name("DEVICE")
          ->check(not_empty())
          ->group(measure)};
  flags->output.add_to(*command, table_names());
  command->footer(
      "Examples:\n"
      "  ate compute-analysis                                      the original report's table, recomputed\n"
      "  ate compute-analysis --d 1024 --T 1k..128k --k 32 --plot speedup.svg\n"
      "  ate compute-analysis --d 512 --T 512..4k --measure        FLOP ratios beside wall-clock\n"
      "  ate compute-analysis --d 4096 --T 8k --scope layer --show all --roofline h100 --dtype bf16\n"
      "A range doubles from its first number; k stands for 1024 and M for 1024 * 1024.");
  command->callback([flags, &action] { action = [flags] { return compute_analysis(*flags); }; });
}

}  // namespace ate
