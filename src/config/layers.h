// Documents of settings that lie over each other: presets, files with what they extend, flags.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "support/error.h"

namespace ate {

// One source of settings. `label` names it in errors: a file's path, "preset focused", "--epochs 3".
struct Layer {
  std::string label;
  nlohmann::ordered_json document;
  bool is_flag = false;  // a flag's label says all; for a document the JSON pointer is added
  std::string root{};    // where the document lies in its file: "", "/published" or "/claims/3/given/config"
  bool is_preset = false;  // compiled in: its numbers are of its own corpus

  // What an error about the setting at `pointer` names: "configs/my.json: /windows/length" or "--epochs 3".
  std::string address(const std::string& pointer) const;
  bool is_published() const;  // what the file changes in published mode
};

// Adds the preset's layers; throws BadInput with `where` for a name that is none. `problems` as read_file_layers.
void add_preset(std::vector<Layer>& layers, const std::string& where, const std::string& name,
                std::vector<Problem>& problems);

// Adds the layers of a file: those of what it extends first, a preset or another file beside it, then its settings and
// what they change in published mode. Without `nameless` a file that has no name gets its own. Problems of the texts
// are added; throws BadInput for a file that cannot be read, and for one that extends itself.
void add_file(std::vector<Layer>& layers, const std::string& path, bool nameless,
              std::vector<Problem>& problems);

// The same for a config inside of a file, which the layer's label and root name.
void add_inner(std::vector<Layer>& layers, Layer config, std::vector<Problem>& problems);

// "optimiser.learning_rate=3e-4" as a layer; throws BadInput where it is none.
Layer set_layer(const std::string& text);

// The last layer that sets `pointer`, or nullptr.
const Layer* setter(const std::vector<Layer>& layers, const std::string& pointer);

}  // namespace ate
