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
// Which axes are allowed: of tuning, settings that arms may have; of a sweep, any setting.
struct AxisRules {
  bool any_setting = false;
  size_t fewest_values = 2;
};

// An object of paths, each with a list of values, or a range {"from", "to", "points"}: so many at equal ratios, or with
// "scale": "linear" at equal distances. A range of a whole setting has whole values.
void read_axes(const nlohmann::ordered_json& value, const std::string& where, TuneAxes& axes,
               std::vector<Problem>& problems, const AxisRules& rules = {});

// Why `value` cannot be the setting at `path` in some config, as a clause; "" where it can. The path is given back with
// dots. Arms are not looked into: they may name those of the config.
std::string setting_problem(std::string& path, const nlohmann::ordered_json& value);

// Whether the setting at this path is a whole number.
bool is_whole_setting(const std::string& path);

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

// The number to four digits, as people write rates.
double four_digits(double value);

// So many numbers from `from` to `to`, each the same multiple of the one before it, to four digits.
std::vector<double> at_equal_ratios(double from, double to, int64_t points);
// The same, each as far from the one before it.
std::vector<double> at_equal_distances(double from, double to, int64_t points);

}  // namespace ate
