#include "cli/experiment_flags.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <map>

#include "cli/checks.h"
#include "config/overlays.h"
#include "support/error.h"
#include "support/json.h"
#include "support/names.h"

namespace ate {
namespace {

using Json = nlohmann::ordered_json;

// "a,b" as a list; anything else as JSON where it parses, else as a string. The strict reader says what does
// not fit.
Json flag_value(const std::string& pointer, const std::string& text, bool single) {
  if (pointer == "/study/arms" && single && text.find(':') != std::string::npos)
    return Json::array({parse_arm("--arm", text)});
  if (pointer == "/study/arms") {
    if (text != "all") return split(text, ',');
    Json arms = Json::array();  // but for those that need settings of their own
    for (const EmbeddingDescription* kind : registered<EmbeddingDescription>())
      if (!kind->reads.widths) arms.push_back(kind->name);
    return arms;
  }
  if (pointer == "/study/seeds") return text;
  return typed_value(text);
}

template <class Description>
std::string rows_of_kinds() {
  std::string rows;
  for (const Description* kind : registered<Description>())
    rows += fmt::format("  {}  {}\n", kind->name, kind->help);
  return rows;
}

}  // namespace

std::string arm_rows() { return rows_of_kinds<EmbeddingDescription>(); }

std::string attention_rows() { return rows_of_kinds<AttentionDescription>(); }

void ExperimentFlags::add_to(CLI::App& command) { add(command, false); }

void ExperimentFlags::add_to_single(CLI::App& command) { add(command, true); }

void ExperimentFlags::add_to_study(CLI::App& command) {
  add(command, false);
  command
      .add_option(
          "--arm", arms_,
          "An arm of your own, such as wide:body.width=128,body.heads=8, or one of the config by its name; "
          "repeatable. Each is compared with the first of --arms, or without --arms with the config's first")
      ->type_name("NAME:PATH=VALUE,...")
      ->type_size(1)
      ->allow_extra_args(false)
      ->group("Experiment");
  command
      .add_option(
          "--tune", axes_,
          "Tune each arm before the test, such as optimiser.learning_rate=3e-4,1e-3,3e-3; repeatable for "
          "more settings")
      ->type_name("PATH=VALUES")
      ->type_size(1)
      ->allow_extra_args(false)
      ->group("Experiment");
}

// The arms of --arms and --arm as one flag.
Layer ExperimentFlags::own_arms() const {
  Json arms = Json::array();
  std::string label;
  for (const Shortcut& shortcut : shortcuts_)
    if (shortcut.pointer == "/study/arms" && !shortcut.value.empty()) {
      arms = flag_value(shortcut.pointer, shortcut.value, false);
      label = shortcut.flag + " " + shortcut.value + " ";
    }
  if (arms.empty()) arms.push_back(nullptr);  // the config's baseline
  std::map<std::string, std::string> flags;   // by the arm's name
  for (const std::string& arm : arms_) {
    const std::string flag = "--arm " + arm;
    const std::string name = arm.substr(0, arm.find(':'));
    if (const auto [first, is_new] = flags.emplace(name, flag); !is_new)
      throw BadInput(first->second + " " + flag,
                     fmt::format("both are of the name {}: give each arm its own", name));
    label += flag + " ";
    arms.push_back(parse_arm("--arm", arm));
  }
  label.pop_back();
  Layer layer{label, Json::object(), true};
  layer.document["study"]["arms"] = std::move(arms);
  return layer;
}

Layer ExperimentFlags::axes() const {
  Layer layer{"", Json::object(), true};
  std::map<std::string, std::string> flags;  // by the axis's path
  for (const std::string& axis : axes_) {
    const std::string flag = "--tune " + axis;
    layer.label += (layer.label.empty() ? "" : " ") + flag;
    const size_t equals = axis.find('=');
    if (equals == 0 || equals == std::string::npos)
      throw BadInput("--tune " + axis,
                     "expected PATH=VALUES, such as optimiser.learning_rate=3e-4,1e-3,3e-3");
    const std::string path = axis.substr(0, equals);
    if (const auto [first, is_new] = flags.emplace(path, flag); !is_new)
      throw BadInput(first->second + " " + flag,
                     fmt::format("both tune {}: give all its values in one list", path));
    Json values = typed_value(axis.substr(equals + 1));  // a list or a range as a config has it
    if (!values.is_structured()) {
      values = Json::array();
      for (const std::string& value : split(axis.substr(equals + 1), ','))
        values.push_back(typed_value(value));
    }
    layer.document["study"]["tune"]["axes"][path] = std::move(values);
  }
  return layer;
}

void ExperimentFlags::add_settings(CLI::App& command, const std::string& what_config_is) {
  const char* const group = "Experiment";
  command.add_option("--config", file_, what_config_is)->type_name("FILE")->check(not_empty())->group(group);
  command.add_option("--set", sets_, "One setting, such as optimiser.learning_rate=3e-4; repeatable")
      ->type_name("PATH=VALUE")
      ->type_size(1)
      ->allow_extra_args(false)
      ->group(group);
}

void ExperimentFlags::add_to_stored(CLI::App& command) {
  single_ = true;
  add_settings(command, "The model's config, where its file lies in no run folder");
  shortcuts_ = {{"--device", "/device", ""}};
  command.add_option("--device", shortcuts_[0].value, "auto (default), cpu, cuda, cuda:N or mps")
      ->type_name("DEVICE")
      ->check(not_empty())
      ->group("Experiment");
}

void ExperimentFlags::add(CLI::App& command, bool single) {
  single_ = single;
  const char* const group = "Experiment";
  command.add_option("--preset", preset_, "One of " + either(preset_names()))
      ->type_name("NAME")
      ->check(not_empty())
      ->group(group);
  add_settings(command, "JSON file; its settings override the preset's");
  shortcuts_ = {{"--mode", "/mode", ""},
                {"--epochs", "/schedule/epochs", ""},
                {single ? "--seed" : "--seeds", "/study/seeds", ""},
                {single ? "--arm" : "--arms", "/study/arms", ""},
                {"--device", "/device", ""},
                {"--dtype", "/dtype", ""}};
  const char* const types[] = {"MODE",   "N",    single ? "N" : "LIST", single ? "NAME" : "LIST",
                               "DEVICE", "DTYPE"};
  const char* const help[] = {
      "corrected (default): causal, paired, whole validation part; published: as the original scripts ran it",
      "Epochs to train",
      single ? "Seed of all that is random (default: the config's first)"
             : "Seeds, such as 0..9 or 0,3,7; more seeds extend the same study",
      single ? "Kind of embedding, such as bespoke or an arm of the config (default: its first), or "
               "NAME:path=value,..."
             : "Arms, such as standard,bespoke, all, or names of the config's own; the first is the baseline",
      "auto (default), cpu, cuda, cuda:N or mps",
      "fp32 (default), bf16 or, on CUDA, tf32: of the factors of matrix products"};
  for (size_t i = 0; i < shortcuts_.size(); ++i)
    command.add_option(shortcuts_[i].flag, shortcuts_[i].value, help[i])
        ->type_name(types[i])
        ->check(not_empty())
        ->group(group);
}

Resolved ExperimentFlags::resolve() const {
  if (preset_.empty() && file_.empty())
    throw BadInput("", "give --preset NAME (" + either(preset_names()) + ") or --config FILE");
  return resolve_over("");
}

Resolved ExperimentFlags::resolve_over(const std::string& file, std::vector<std::string> sets) const {
  sets.insert(sets.end(), sets_.begin(), sets_.end());
  Choice choice{preset_, preset_.empty() && file_.empty() ? file : file_, std::move(sets), {}, single_};
  for (const Shortcut& shortcut : shortcuts_) {
    if (shortcut.value.empty() || (shortcut.pointer == "/study/arms" && !arms_.empty())) continue;
    Layer layer{shortcut.flag + " " + shortcut.value, Json::object(), true};
    layer.document[Json::json_pointer(shortcut.pointer)] =
        flag_value(shortcut.pointer, shortcut.value, single_);
    choice.flags.push_back(std::move(layer));
  }
  if (!arms_.empty()) choice.flags.push_back(own_arms());
  if (!axes_.empty()) choice.flags.push_back(axes());
  Resolved resolved = ate::resolve(choice);
  for (const std::string& warning : resolved.warnings) spdlog::warn(warning);
  if (single_) {
    std::vector<Problem> problems;
    const StudyConfig& study = resolved.config.study;
    for (const auto& [pointer, size] :
         {std::pair{"/study/arms", study.arms.size()}, {"/study/seeds", study.seeds.size()}})
      if (size > 1 && made_by_flag(resolved, pointer))
        problems.push_back(
            {resolved.address.at(pointer), "one model is trained: name one, or use ate study"});
    if (!problems.empty()) throw BadInput(std::move(problems));
  }
  return resolved;
}

bool made_by_flag(const Resolved& resolved, const std::string& pointer) {
  const auto origin = resolved.origin.find(pointer);
  return origin != resolved.origin.end() && origin->second.rfind("--", 0) == 0;
}

void refuse_unread(const Resolved& resolved, const std::vector<Unread>& unread) {
  std::vector<Problem> problems;
  for (const auto& [pointer, address] : resolved.address)
    for (const auto& [under, why, except] : unread)
      if (pointer.rfind(under, 0) == 0 && pointer != except && made_by_flag(resolved, pointer))
        problems.push_back({address, why});
  if (!problems.empty()) throw BadInput(std::move(problems));
}

}  // namespace ate
