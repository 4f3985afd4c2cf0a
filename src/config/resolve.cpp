#include "config/resolve.h"

#include <fmt/format.h>

#include <algorithm>

#include "config/arm_layers.h"
#include "config/derived.h"
#include "config/fields.h"
#include "config/json.h"
#include "config/settings.h"
#include "data/text.h"
#include "support/hash.h"
#include "support/json.h"
#include "support/names.h"

namespace ate {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kPublishedLayer =
    ", published";  // in the origin of a setting that such an overlay made

void throw_if_any(std::vector<Problem> problems) {
  if (!problems.empty()) throw BadInput(std::move(problems));
}

// What follows from the file of a text source: as if a layer above all others had set it.
void settle_source(const std::vector<Layer>& layers, Resolved& resolved) {
  SourceConfig& source = resolved.config.source;
  if (source.kind != SourceKind::text || source.file.empty()) return;
  const SourceConfig asked = source;
  const Layer* const tokens_setter = setter(layers, "/source/tokens");
  try {
    SettledText text =
        settle_text(source, {tokens_setter == nullptr, setter(layers, "/source/vocabulary") == nullptr});
    resolved.warnings = std::move(text.warnings);
    // The preset's number is of its own corpus, which the user's text has taken the place of.
    if (tokens_setter != nullptr && tokens_setter->is_preset && source.tokens < text.tokens_in_file)
      resolved.warnings.push_back(fmt::format(
          "\"{}\": uses {} of {} tokens, because the {} sets source.tokens; source.tokens={} uses all",
          source.file, with_commas(std::to_string(source.tokens)),
          with_commas(std::to_string(text.tokens_in_file)), tokens_setter->label,
          std::min(kMostTokens, text.tokens_in_file)));
  } catch (const BadInput& error) {
    throw resolved.blame(error);
  }
  const auto from_file = [&](const char* pointer, bool changed) {
    if (changed) resolved.origin[pointer] = "source.file";
  };
  from_file("/source/vocabulary", source.vocabulary != asked.vocabulary);
  from_file("/source/tokens", source.tokens != asked.tokens);
  from_file("/source/format", source.format != asked.format);
  from_file("/source/content", source.content != asked.content);
  resolved.document = write_config(resolved.config);
}

// An example is as long as a window, where nothing says otherwise.
void settle_example(const std::vector<Layer>& layers, Resolved& resolved) {
  Config& config = resolved.config;
  if (!asks(config.source) || setter(layers, "/source/example") != nullptr ||
      example_length(config.source) == config.windows.length)
    return;
  config.source.own.set("example", config.windows.length);
  resolved.origin["/source/example"] = "windows.length";
  resolved.document = write_config(config);
}

}  // namespace

std::vector<std::string> preset_names() {
  std::vector<std::string> names;
  for (const Preset& preset : presets()) names.push_back(preset.name);
  return names;
}

Resolved resolve(const Choice& choice) {
  std::vector<Problem> problems;
  std::vector<Layer> layers;
  if (!choice.preset.empty()) add_preset(layers, "--preset " + choice.preset, choice.preset, problems);
  if (!choice.file.empty()) add_file(layers, choice.file, !choice.preset.empty(), problems);
  if (choice.inner) add_inner(layers, *choice.inner, problems);
  for (const std::string& set : choice.sets) layers.push_back(set_layer(set));
  for (const Layer& flag : choice.flags) layers.push_back(flag);
  const Layer* mode_setter = setter(layers, "/mode");
  const bool published = mode_setter != nullptr && mode_setter->document["mode"] == "published";
  complete_arms(layers, published);

  // Each layer by itself, so that every problem is told with its own address.
  for (const Layer& layer : layers) {
    Config scratch;
    std::vector<Problem> found;
    read_config(layer.document, scratch, found);
    if (layer.is_published() && layer.document.is_object() && layer.document.contains("mode"))
      found.push_back({"/mode", "cannot stand here: \"published\" holds what published mode changes"});
    for (Problem& problem : found) {
      const std::string where = layer.address(problem.where);
      // A flag has one address for all that is in it.
      if (problems.empty() || problems.back().where != where || problems.back().what != problem.what)
        problems.push_back({where, std::move(problem.what)});
    }
  }
  throw_if_any(std::move(problems));

  if (published) {
    problems.clear();
    layers.insert(layers.begin(),
                  {"mode published", parse_json(published_mode_text(), "mode published", problems)});
  } else {
    layers.erase(
        std::remove_if(layers.begin(), layers.end(), [](const Layer& layer) { return layer.is_published(); }),
        layers.end());
  }

  Resolved resolved;
  problems.clear();
  for (const Layer& layer : layers) read_config(layer.document, resolved.config, problems);
  throw_if_any(std::move(problems));
  resolved.document = write_config(resolved.config);
  for (const auto& [leaf, value] : settings_of(resolved.document)) {
    const Layer* layer = setter(layers, leaf);
    resolved.origin[leaf] =
        layer == nullptr ? "default" : layer->label + (layer->is_published() ? kPublishedLayer : "");
    if (layer != nullptr) resolved.address[leaf] = layer->address(leaf);
  }
  if (!resolved.config.study.tune.axes.empty() && setter(layers, "/evaluation/tune_share") == nullptr) {
    resolved.config.evaluation.tune_share = 0.5;
    resolved.origin["/evaluation/tune_share"] = "study.tune";
    resolved.document = write_config(resolved.config);
  }
  settle_source(layers, resolved);
  settle_example(layers, resolved);
  Resolved checked = resolved;
  if (choice.one_model) checked.keep_one_model();
  std::vector<Problem> crossed = check_config(checked.config);
  if (choice.one_model)
    for (Problem& problem : check_training(checked.config)) crossed.push_back(std::move(problem));
  if (!crossed.empty()) throw resolved.blame(BadInput(std::move(crossed)));
  return resolved;
}

BadInput Resolved::blame(const BadInput& error) const {
  std::vector<Problem> problems = error.problems();
  for (Problem& problem : problems) {
    // A place inside of a setting, such as an arm of the list, is named by the setting's address and the rest.
    for (size_t end = problem.where.size(); end != std::string::npos && end > 0;
         end = problem.where.rfind('/', end - 1)) {
      const auto it = address.find(problem.where.substr(0, end));
      if (it == address.end()) continue;
      const bool flag = it->second.rfind("--", 0) == 0;
      problem.where = it->second + (flag ? "" : problem.where.substr(end));
      break;
    }
  }
  return BadInput(std::move(problems));
}

void Resolved::keep_one_model() {
  config = arm_config(config, config.study.arms.front());
  config.study.arms = {Arm(config.embedding.kind->name)};
  config.embedding.kind = EmbeddingKind::standard;
  config.study.seeds.resize(1);
  config.study.budget = Budget::steps;
  config.study.looks = {};
  config.study.tune = {};
}

namespace {

// What changes the numbers of a trial of this config, or, `with_plan`, of the trials that a study comes to choose.
std::string hash_of(const Config& config, bool with_plan) {
  Json document = hashed_config(config);
  for (const char* key : {"name", "description", "seed_criteria", "published_result"}) document.erase(key);
  for (const char* key : {"seeds", "arms", "margin", "looks"}) document["study"].erase(key);
  if (!with_plan)
    for (const char* key : {"tune", "budget"}) document["study"].erase(key);
  document["device"] = config.device.substr(0, config.device.find(':'));
  return Hash64().add(document.dump()).hex().substr(0, 10);
}

}  // namespace

std::string experiment_hash(const Config& config) { return hash_of(config, true); }

std::string trial_hash(const Config& study, const Arm& arm) {
  Config config = arm_config(study, arm);
  // The arm that is a kind of embedding and no more is named beside the hash.
  if (arm.set.empty()) config.embedding.kind = EmbeddingKind::standard;
  return hash_of(config, false);
}

}  // namespace ate
