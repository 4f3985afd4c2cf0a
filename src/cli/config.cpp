#include <fmt/format.h>

#include <filesystem>
#include <memory>

#include "cli/commands.h"
#include "cli/experiment_flags.h"
#include "cli/output.h"
#include "config/json.h"
#include "config/reference.h"
#include "config/settings.h"
#include "support/error.h"
#include "support/json.h"

namespace ate {
namespace {

using Json = nlohmann::ordered_json;

// As JSON has it, but for the quotes around a string.
Json shown(const Json& value) { return value.is_string() || value.is_null() ? value : Json(value.dump()); }

Report list_presets() {
  Report report;
  report.title = "Presets";
  Table table{"presets", "", {{"name", "name"}, {"description", "description"}}, {}};
  report.document = {{"presets", Json::array()}};
  for (const Preset& preset : presets()) {
    const Json document = parse_json(preset.text, preset.name);
    table.rows.push_back({preset.name, document["description"]});
    report.document["presets"].push_back({{"name", preset.name}, {"description", document["description"]}});
  }
  report.tables.push_back(std::move(table));
  return report;
}

Report show_config(const Resolved& resolved) {
  Report report;
  report.title = "Config " + resolved.config.name;
  report.facts = {"experiment " + experiment_hash(resolved.config)};
  Table table{"settings", "", {{"setting", "setting"}, {"value", "value"}, {"origin", "from"}}, {}};
  for (const auto& [pointer, value] : settings_of(resolved.document))
    table.rows.push_back({set_path(pointer), shown(value), resolved.origin.at(pointer)});
  report.tables.push_back(std::move(table));
  report.document = {{"config", resolved.document}, {"origin", resolved.origin}};
  return report;
}

// A preset's name, or a file.
Resolved resolve_named(const std::string& name) {
  Choice choice;
  const bool is_file = name.find('/') != std::string::npos || std::filesystem::exists(name);
  (is_file ? choice.file : choice.preset) = name;
  return resolve(choice);
}

Report diff_configs(const std::string& left, const std::string& right) {
  Report report;
  report.title = left + " against " + right;
  Table table{"differences", "", {{"setting", "setting"}, {"left", left}, {"right", right}}, {}};
  report.document = {{"differences", Json::array()}};
  for (const SettingDifference& d :
       differing_settings(resolve_named(left).document, resolve_named(right).document)) {
    table.rows.push_back({d.setting, shown(d.left), shown(d.right)});
    report.document["differences"].push_back({{"setting", d.setting}, {"left", d.left}, {"right", d.right}});
  }
  report.tables.push_back(std::move(table));
  return report;
}

}  // namespace

void add_config(CLI::App& app, Action& action) {
  CLI::App* command =
      app.add_subcommand("config", "List, show and compare configs; print their JSON Schema and reference");
  command->require_subcommand(1);
  const auto print = [&action](OutputFlags& output, std::function<Report()> make) {
    action = [&output, make = std::move(make)] {
      output.start();
      output.print(make());
      return static_cast<int>(ExitCode::done);
    };
  };

  struct Flags {
    ExperimentFlags experiment;
    OutputFlags output;
    std::string left, right;
  };
  auto flags = std::make_shared<Flags>();

  CLI::App* list = command->add_subcommand("list", "The presets that are compiled in");
  flags->output.add_to(*list);
  list->callback([=] { print(flags->output, list_presets); });

  CLI::App* show = command->add_subcommand("show", "The resolved config, and where each value came from");
  flags->experiment.add_to(*show);
  flags->output.add_to(*show);
  show->callback([=] { print(flags->output, [=] { return show_config(flags->experiment.resolve()); }); });

  CLI::App* diff = command->add_subcommand("diff", "The settings in which two presets or files differ");
  diff->add_option("LEFT", flags->left, "Preset or file")->required();
  diff->add_option("RIGHT", flags->right, "Preset or file")->required();
  flags->output.add_to(*diff);
  diff->callback([=] { print(flags->output, [=] { return diff_configs(flags->left, flags->right); }); });

  const auto print_text = [&action](std::string (*make)()) {
    action = [make] {
      write_stdout(make());
      return static_cast<int>(ExitCode::done);
    };
  };
  CLI::App* reference =
      command->add_subcommand("reference", "Every setting with its default and range, as Markdown");
  reference->callback([=] { print_text(settings_reference); });

  CLI::App* schema = command->add_subcommand("schema", "JSON Schema of config files, for editors");
  schema->callback([=] { print_text([] { return config_schema().dump(2) + "\n"; }); });
}

}  // namespace ate
