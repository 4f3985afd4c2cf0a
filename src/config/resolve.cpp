#include "config/resolve.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

#include "config/fields.h"
#include "config/json.h"
#include "config/parse.h"
#include "data/text.h"
#include "support/hash.h"
#include "support/names.h"

namespace ate {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kOverlay = "/published";
constexpr size_t kLongestLabel = 300;              // of a flag in an error
constexpr const char* kPublished = ", published";  // in the origin of a setting that such an overlay made

// "optimiser.learning_rate=3e-4" as a document. The value is JSON where it parses, else a string.
Layer set_layer(const std::string& text) {
  const size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0)
    throw BadInput("--set " + text, "expected path=value, such as optimiser.learning_rate=3e-4");
  std::string path = text.substr(0, equals);
  std::replace(path.begin(), path.end(), '.', '/');
  if (path.front() != '/') path.insert(0, "/");
  const std::string value_text = text.substr(equals + 1);
  Layer layer{"--set " + shortened(text, kLongestLabel), Json::object(), true};
  const BadInput no_path(layer.label, "\"" + shortened(text.substr(0, equals), kLongestLabel) +
                                          "\" is not a path such as optimiser.learning_rate");
  // Each part of the path is a level of the document.
  if (static_cast<size_t>(std::count(path.begin(), path.end(), '/')) > kDeepestJson) throw no_path;
  try {
    layer.document[Json::json_pointer(path)] = typed_value(value_text);
  } catch (const Json::exception&) {
    throw no_path;
  }
  return layer;
}

// Splits a preset's or file's document into its settings and its "published" overlay.
void add_document(std::vector<Layer>& layers, Layer layer) {
  Json overlay;
  if (layer.document.is_object()) {
    layer.document.erase("$schema");
    if (const auto it = layer.document.find("published"); it != layer.document.end()) {
      overlay = *it;
      layer.document.erase("published");
    }
  }
  const std::string label = layer.label;
  const std::string root = layer.root + kOverlay;
  layers.push_back(std::move(layer));
  if (!overlay.is_null()) layers.push_back({label, std::move(overlay), false, root});
}

bool is_overlay(const Layer& layer) { return layer.root.ends_with(kOverlay); }

// The last layer that sets `pointer`, or nullptr.
const Layer* setter(const std::vector<Layer>& layers, const std::string& pointer) {
  const Json::json_pointer where(pointer);
  for (auto layer = layers.rbegin(); layer != layers.rend(); ++layer)
    if (layer->document.is_object() && layer->document.contains(where)) return &*layer;
  return nullptr;
}

void throw_if_any(std::vector<Problem> problems) {
  if (!problems.empty()) throw BadInput(std::move(problems));
}

// What follows from the file of a text source: as if a layer above all others had set it.
void settle_source(const std::vector<Layer>& layers, const std::string& preset_label, Resolved& resolved) {
  SourceConfig& source = resolved.config.source;
  if (source.kind != SourceKind::text || source.file.empty()) return;
  const SourceConfig asked = source;
  const Layer* const tokens_setter = setter(layers, "/source/tokens");
  try {
    SettledText text =
        settle_text(source, {tokens_setter == nullptr, setter(layers, "/source/vocabulary") == nullptr});
    resolved.warnings = std::move(text.warnings);
    // The preset's number is of its own corpus, which the user's text has taken the place of.
    if (tokens_setter != nullptr && tokens_setter->label == preset_label &&
        source.tokens < text.tokens_in_file)
      resolved.warnings.push_back(fmt::format(
          "\"{}\": uses {} of {} tokens, because the {} sets source.tokens; source.tokens={} uses all",
          source.file, with_commas(std::to_string(source.tokens)),
          with_commas(std::to_string(text.tokens_in_file)), preset_label,
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

}  // namespace

std::vector<std::string> preset_names() {
  std::vector<std::string> names;
  for (const Preset& preset : presets()) names.push_back(preset.name);
  return names;
}

std::string Layer::address(const std::string& pointer) const {
  const std::string path = root + pointer;
  return is_flag || path.empty() ? label : label + ": " + path;
}

Resolved resolve(const Choice& choice) {
  std::vector<Problem> problems;
  std::vector<Layer> layers;
  std::string preset_label;
  if (!choice.preset.empty()) {
    const auto& all = presets();
    const auto preset =
        std::find_if(all.begin(), all.end(), [&](const Preset& p) { return p.name == choice.preset; });
    if (preset == all.end())
      throw BadInput("--preset " + choice.preset, "unknown preset" +
                                                      did_you_mean(choice.preset, preset_names()) +
                                                      "; there are " + either(preset_names()));
    preset_label = "preset " + preset->name;
    add_document(layers, {preset_label, parse_json(preset->text, preset_label, problems)});
  }
  if (!choice.file.empty()) {
    Json document = parse_json(read_config_file(choice.file), choice.file, problems);
    if (document.is_object() && choice.preset.empty() && !document.contains("name"))
      document["name"] = std::filesystem::path(choice.file).stem().string();
    add_document(layers, {choice.file, std::move(document)});
  }
  if (choice.inner) add_document(layers, *choice.inner);
  for (const std::string& set : choice.sets) layers.push_back(set_layer(set));
  for (const Layer& flag : choice.flags) layers.push_back(flag);

  // Each layer by itself, so that every problem is told with its own address.
  for (const Layer& layer : layers) {
    Config scratch;
    std::vector<Problem> found;
    read_config(layer.document, scratch, found);
    if (is_overlay(layer) && layer.document.is_object() && layer.document.contains("mode"))
      found.push_back({"/mode", "cannot stand here: \"published\" holds what published mode changes"});
    for (Problem& problem : found)
      problems.push_back({layer.address(problem.where), std::move(problem.what)});
  }
  throw_if_any(std::move(problems));

  const Layer* mode_setter = setter(layers, "/mode");
  const bool published = mode_setter != nullptr && mode_setter->document["mode"] == "published";
  if (published) {
    problems.clear();
    layers.insert(layers.begin(),
                  {"mode published", parse_json(published_mode_text(), "mode published", problems)});
  } else {
    layers.erase(std::remove_if(layers.begin(), layers.end(), is_overlay), layers.end());
  }

  Resolved resolved;
  problems.clear();
  for (const Layer& layer : layers) read_config(layer.document, resolved.config, problems);
  throw_if_any(std::move(problems));
  resolved.document = write_config(resolved.config);
  const Json leaves = resolved.document.flatten();
  for (const auto& [pointer, value] : leaves.items()) {
    // A list is one value: its elements have no origin of their own.
    const size_t last = pointer.rfind('/');
    const bool element = pointer.find_first_not_of("0123456789", last + 1) == std::string::npos;
    const std::string leaf = element ? pointer.substr(0, last) : pointer;
    const Layer* layer = setter(layers, leaf);
    resolved.origin[leaf] =
        layer == nullptr ? "default" : layer->label + (is_overlay(*layer) ? kPublished : "");
    if (layer != nullptr) resolved.address[leaf] = layer->address(leaf);
  }
  settle_source(layers, preset_label, resolved);
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
  for (Problem& problem : problems)
    if (const auto it = address.find(problem.where); it != address.end()) problem.where = it->second;
  return BadInput(std::move(problems));
}

void Resolved::keep_one_model() {
  StudyConfig& study = config.study;
  study.arms.erase(study.arms.begin() + 1, study.arms.end());
  study.seeds.resize(1);
}

std::string experiment_hash(const Config& config) {
  Json document = hashed_config(config);
  for (const char* key : {"name", "description", "seed_criteria", "published_result"}) document.erase(key);
  for (const char* key : {"seeds", "arms", "margin"}) document["study"].erase(key);
  document["device"] = config.device.substr(0, config.device.find(':'));
  return Hash64().add(document.dump()).hex().substr(0, 10);
}

}  // namespace ate
