// Checkpoints: a model's parameters under their PyTorch names, the optimiser's state as flat arrays, and metadata that say
// what they are of. Equal states give equal bytes. No LibTorch in this header.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>

#include "config/kinds.h"
#include "train/safetensors.h"

namespace ate {

class RunFolder;

// What a checkpoint is of: metadata such as arm, seed, stage and experiment. One that says otherwise is refused; one from
// before a name was written is not.
using Identity = std::map<std::string, std::string>;

// The bytes of a checkpoint; without `state` of the optimiser, of an export.
std::string checkpoint_bytes(const Layout& layout, const Arena& arena, std::span<const StateArray> state,
                             std::map<std::string, std::string> metadata);

// Throw Failure when the file is of another model.
void read_parameters(const SafetensorsFile& file, const Layout& layout, Arena& arena);
void read_state(const SafetensorsFile& file, std::span<const StateArray> state, Arena& arena);

// "is of seed 1, not of seed 0"; "" where the file is of what `identity` says, as far as it tells.
std::string why_another(const SafetensorsFile& file, const Identity& identity);

// The newest sound checkpoint of this name that is of `identity`, or nothing where there is no file. One that is damaged,
// or of something else, is named and the previous one used. Throws Failure when that is no better.
std::optional<SafetensorsFile> open_checkpoint(const RunFolder& run, const std::string& name,
                                               const Identity& identity);

}  // namespace ate
