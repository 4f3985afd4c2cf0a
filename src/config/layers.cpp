#include "config/layers.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <stdexcept>

#include "config/arm.h"
#include "config/parse.h"
#include "config/resolve.h"
#include "support/json.h"
#include "support/names.h"

namespace ate {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kPublished = "/published";
constexpr size_t kLongestLabel = 300;  // of a flag in an error

const Preset* find_preset(const std::string& name) {
  for (const Preset& preset : presets())
    if (preset.name == name) return &preset;
  return nullptr;
}

BadInput no_preset(const std::string& where, const std::string& name) {
  return {where,
          "unknown preset" + did_you_mean(name, preset_names()) + "; there are " + either(preset_names())};
}

// Splits a document into its settings and its "published" overlay.
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
  const std::string root = layer.root + kPublished;
  const bool preset = layer.is_preset;
  layers.push_back(std::move(layer));
  if (!overlay.is_null()) layers.push_back({label, std::move(overlay), false, root, preset});
}

// What `extends` in the file names: a path from the file's folder, or a preset.
bool names_file(const std::string& base) {
  return base.find('/') != std::string::npos || std::filesystem::path(base).extension() == ".json";
}

// The layers of what the document extends, then its own. `chain`: the files that led here, the document's own the last.
void add_with_base(std::vector<Layer>& layers, Layer layer, std::vector<std::string> chain,
                   std::vector<Problem>& problems);

void add_text(std::vector<Layer>& layers, const std::string& path, bool nameless,
              std::vector<std::string> chain, std::vector<Problem>& problems) {
  Json document = parse_json(read_config_file(path), path, problems);
  if (document.is_object() && !nameless && !document.contains("name"))
    document["name"] = std::filesystem::path(path).stem().string();
  add_with_base(layers, {path, std::move(document)}, std::move(chain), problems);
}

void add_with_base(std::vector<Layer>& layers, Layer layer, std::vector<std::string> chain,
                   std::vector<Problem>& problems) {
  if (layer.document.is_object() && layer.document.contains("extends")) {
    const Json base = layer.document["extends"];
    layer.document.erase("extends");
    const std::string where = layer.address("/extends");
    const std::string name = base.is_string() ? base.get<std::string>() : "";
    if (name.empty()) {
      problems.push_back({where, "expected a preset or a file, got " + short_text(base)});
    } else if (!names_file(name)) {
      if (find_preset(name) == nullptr)
        throw BadInput(where,
                       no_preset(where, name).problems()[0].what + ", or a file: a path that ends in .json");
      add_preset(layers, where, name, problems);
    } else {
      const std::string file =
          (std::filesystem::path(layer.label).parent_path() / name).lexically_normal().string();
      chain.push_back(file);
      if (std::count(chain.begin(), chain.end(), file) > 1)
        throw BadInput(where, fmt::format("extends itself: {}", fmt::join(chain, " -> ")));
      add_text(layers, file, true, std::move(chain), problems);
    }
  }
  add_document(layers, std::move(layer));
}

}  // namespace

std::string Layer::address(const std::string& pointer) const {
  const std::string path = root + pointer;
  return is_flag || path.empty() ? label : label + ": " + path;
}

bool Layer::is_published() const { return root.ends_with(kPublished); }

void add_preset(std::vector<Layer>& layers, const std::string& where, const std::string& name,
                std::vector<Problem>& problems) {
  const Preset* const preset = find_preset(name);
  if (preset == nullptr) throw no_preset(where, name);
  const std::string label = "preset " + preset->name;
  add_document(layers, {label, parse_json(preset->text, label, problems), false, "", true});
}

void add_file(std::vector<Layer>& layers, const std::string& path, bool nameless,
              std::vector<Problem>& problems) {
  add_text(layers, path, nameless, {std::filesystem::path(path).lexically_normal().string()}, problems);
}

void add_inner(std::vector<Layer>& layers, Layer config, std::vector<Problem>& problems) {
  add_with_base(layers, std::move(config), {}, problems);
}

Layer set_layer(const std::string& text) {
  const size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0)
    throw BadInput("--set " + text, "expected path=value, such as optimiser.learning_rate=3e-4");
  const std::string path = text.substr(0, equals);
  Layer layer{"--set " + shortened(text, kLongestLabel), Json::object(), true};
  const std::string pointer = path.front() == '/' ? path : pointer_of(path);
  const auto levels = static_cast<size_t>(std::count(pointer.begin(), pointer.end(), '/'));
  try {
    if (pointer.empty() || levels > kDeepestJson) throw std::invalid_argument(path);
    layer.document[Json::json_pointer(pointer)] = typed_value(text.substr(equals + 1));
  } catch (const std::exception&) {
    throw BadInput(layer.label, "\"" + shortened(path, kLongestLabel) +
                                    "\" is not a path such as optimiser.learning_rate");
  }
  return layer;
}

const Layer* setter(const std::vector<Layer>& layers, const std::string& pointer) {
  const Json::json_pointer where(pointer);
  for (auto layer = layers.rbegin(); layer != layers.rend(); ++layer)
    if (layer->document.is_object() && layer->document.contains(where)) return &*layer;
  return nullptr;
}

}  // namespace ate
