// Settings that lie over a config: of arms, and of the axes that are tuned. As JSON: reading with every problem at its
// place, writing.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "config/config.h"
#include "support/error.h"

namespace ate {

// A list of "bespoke" and {"name": "wide", "set": {"body.width": 256}}. `where`: the list's JSON pointer. `arms` keeps
// its value where a problem is found.
void read_arms(const nlohmann::ordered_json& value, const std::string& where, std::vector<Arm>& arms,
               std::vector<Problem>& problems);
// The same of arms that a study has settled, which may set what users may not.
void read_settled_arms(const nlohmann::ordered_json& value, const std::string& where, std::vector<Arm>& arms,
                       std::vector<Problem>& problems);
// An object of paths, each with a list of values, or {"from", "to", "points"} for so many at equal ratios.
void read_axes(const nlohmann::ordered_json& value, const std::string& where, TuneAxes& axes,
               std::vector<Problem>& problems);

// {"body.width": 256}.
nlohmann::ordered_json settings_to_json(const std::vector<ArmSetting>& set);
nlohmann::ordered_json arms_to_json(const std::vector<Arm>& arms);
nlohmann::ordered_json axes_to_json(const TuneAxes& axes);

// Sets one setting of the config; what the reader says against it is added to `problems`. `path`: as pointer_of takes it,
// which gives it a pointer.
void apply_setting(Config& config, const std::string& path, const nlohmann::ordered_json& value,
                   std::vector<Problem>& problems);

// "name:path=value,path=value" as an arm in JSON, or the name alone. A comma in brackets or quotes is part of a value.
// Throws BadInput naming `flag`.
nlohmann::ordered_json parse_arm(const std::string& flag, const std::string& text);

// So many numbers from `from` to `to`, each the same multiple of the one before it, to four digits.
std::vector<double> at_equal_ratios(double from, double to, int64_t points);

}  // namespace ate
