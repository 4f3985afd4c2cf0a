// From presets, files and flags to one config, and where each of its values came from.
//
// Precedence, lowest first: built-in default < mode < preset < file < --set < dedicated flag. A preset or
// file may hold an object "published": what it changes in that mode. A file may extend a preset or a file.
#pragma once

#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "config/config.h"
#include "config/layers.h"
#include "support/error.h"

namespace ate {

struct Resolved {
  Config config;
  nlohmann::ordered_json document;             // write_config(config)
  std::map<std::string, std::string> origin;   // JSON pointer of each leaf -> label of the layer that set it
  std::map<std::string, std::string> address;  // the same -> what an error about it names
  std::vector<std::string> warnings;           // of what is probably not meant

  // `error`, found when the config was put to use and addressed by JSON pointer, addressed as users know it.
  BadInput blame(const BadInput& error) const;

  // Leaves the first of the arms, by its own settings, and the first of the seeds alone.
  void keep_one_model();
};

// What a user chose, as it stood on the command line.
struct Choice {
  std::string preset;             // "" for none
  std::string file;               // "" for none; settings in it stand above the preset's
  std::vector<std::string> sets;  // "path=value"; the path with dots or as a JSON pointer
  std::vector<Layer> flags;       // dedicated flags
  bool one_model = false;  // for ate train: the first arm and seed alone, and its own settings are checked
  std::optional<Layer> inner{};  // a config inside another document: as the file, which there is none of
};

// Throws BadInput with every problem of every layer, each with its address and what would be right. The file of
// a text source is read once, and what follows from it is set (settle_text).
Resolved resolve(const Choice& choice);

// The problems of a config that no single field shows: heads that do not divide the width, a window longer
// than the corpus. `where` is the JSON pointer to blame.
std::vector<Problem> check_config(const Config& config);
// The same of the config that trains one arm (arm_config), as far as its model and its windows go.
std::vector<Problem> check_arm_config(const Config& of_arm);
// The same for what only ate train reads.
std::vector<Problem> check_training(const Config& config);

// 10 hex digits that name the experiment: a hash of all settings that change the numbers of a study's trials. Name,
// description, the lists of seeds and arms, looks, margin, criteria, published results and the device's index do not.
std::string experiment_hash(const Config& config);
// The same of one arm's trials: without what leads to its settings (tuning, budget), with those settings.
std::string trial_hash(const Config& study, const Arm& arm);

// Presets compiled in from configs/presets.
struct Preset {
  std::string name;
  std::string text;  // the file's bytes
};
const std::vector<Preset>& presets();
std::vector<std::string> preset_names();
// configs/published.json: what published mode changes in every config.
const std::string& published_mode_text();

}  // namespace ate
