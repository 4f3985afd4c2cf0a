#include "config/overlays.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "config/json.h"
#include "config/names.h"
#include "config/settings.h"
#include "support/json.h"
#include "support/names.h"

namespace ate {
namespace {

using Json = nlohmann::ordered_json;

// Settings of the study itself, which all its arms share.
constexpr std::array kShared = {"name",          "description",      "mode",  "device", "evaluation",
                                "seed_criteria", "published_result", "study", "train"};

// Why `value` cannot be the setting at `path`, as a clause; "" where it can. The path is given back with dots.
std::string problem_of(std::string& path, const Json& value, bool settled = false) {
  const std::string pointer = pointer_of(path);
  if (pointer.empty()) return "is no path such as body.width";
  path = set_path(pointer);
  const std::string section = path.substr(0, path.find('.'));
  if (!settled && std::find(kShared.begin(), kShared.end(), section) != kShared.end())
    return section + " is the study's, the same for all arms";
  if (value.is_object()) return "expected one value, got " + short_text(value);
  Config scratch;
  std::vector<Problem> problems;
  apply_setting(scratch, path, value, problems);
  if (problems.empty()) return "";
  // The unknown part of a path says which it is.
  return problems[0].where == pointer ? problems[0].what
                                      : fmt::format("{}: {}", set_path(problems[0].where), problems[0].what);
}

std::string name_problem(const Json& name) {
  if (!name.is_string() || !safe_in_file_names(name.get<std::string>()))
    return fmt::format("expected {}, got {}", kSafeName, short_text(name));
  return "";
}

// An arm that sets nothing is a kind of embedding.
void read_built_in(const Json& item, const std::string& where, std::vector<Arm>& arms,
                   std::vector<Problem>& problems) {
  const std::vector<std::string> known = registered_names<EmbeddingDescription>();
  const std::string name = item.is_string() ? item.get<std::string>() : "";
  if (EmbeddingKind::find(name) != nullptr)
    arms.emplace_back(name);
  else
    problems.push_back({where, fmt::format("expected {}{}, or an object with name and set, got {}",
                                           either(known), did_you_mean(name, known), short_text(item))});
}

void read_arm(const Json& item, const std::string& where, bool settled, std::vector<Arm>& arms,
              std::vector<Problem>& problems) {
  if (!item.is_object()) return read_built_in(item, where, arms, problems);
  for (const auto& [key, value] : item.items())
    if (key != "name" && key != "set")
      problems.push_back({where + "/" + key, "unknown key" + did_you_mean(key, {"name", "set"})});
  if (!item.contains("name")) return problems.push_back({where, "an arm has a name: add one"});
  if (const std::string problem = name_problem(item["name"]); !problem.empty())
    return problems.push_back({where + "/name", problem});
  Arm arm(item["name"].get<std::string>());
  const Json set = item.value("set", Json::object());
  if (!set.is_object())
    return problems.push_back({where + "/set", "expected an object of settings, got " + short_text(set)});
  if (set.empty() && EmbeddingKind::find(arm.name) == nullptr)
    return problems.push_back(
        {where, fmt::format("{} sets nothing, and is no kind of embedding: give it a set, such "
                            "as {{\"body.width\": 256}}",
                            arm.name)});
  for (const auto& [key, value] : set.items()) {
    std::string path = key;
    const std::string place = where + "/set/" + key;
    if (const std::string problem = problem_of(path, value, settled); !problem.empty())
      problems.push_back({place, problem});
    else if (std::any_of(arm.set.begin(), arm.set.end(), [&](const ArmSetting& s) { return s.path == path; }))
      problems.push_back({place, "is set twice"});
    else
      arm.set.push_back({path, value.dump()});
  }
  arms.push_back(std::move(arm));
}

void read_list(const Json& value, const std::string& where, bool settled, std::vector<Arm>& arms,
               std::vector<Problem>& problems) {
  if (!value.is_array() || value.empty())
    return problems.push_back({where, "expected a list of at least one arm, got " + short_text(value)});
  std::vector<Arm> list;
  const size_t before = problems.size();
  for (size_t i = 0; i < value.size(); ++i) {
    read_arm(value[i], fmt::format("{}/{}", where, i), settled, list, problems);
    const auto same = [&](const Arm& arm) { return arm.name == list.back().name; };
    if (problems.size() == before && std::any_of(list.begin(), list.end() - 1, same))
      problems.push_back(
          {fmt::format("{}/{}", where, i),
           fmt::format("there are two arms of the name {}: give each its own", list.back().name)});
  }
  if (problems.size() == before) arms = std::move(list);
}

}  // namespace

void read_arms(const Json& value, const std::string& where, std::vector<Arm>& arms,
               std::vector<Problem>& problems) {
  read_list(value, where, false, arms, problems);
}

void read_settled_arms(const Json& value, const std::string& where, std::vector<Arm>& arms,
                       std::vector<Problem>& problems) {
  read_list(value, where, true, arms, problems);
}

std::string setting_problem(std::string& path, const Json& value) {
  if (pointer_of(path) == "/study/arms") {
    path = "study.arms";
    return value.is_array() ? "" : "expected a list of arms, got " + short_text(value);
  }
  return problem_of(path, value, true);
}

bool is_whole_setting(const std::string& path) {
  static const Json defaults = write_config(Config());
  const std::string text = pointer_of(path);
  if (text.empty()) return false;
  const Json::json_pointer pointer(text);
  return defaults.contains(pointer) && defaults[pointer].is_number_integer();
}

namespace {

// The values of {"from", "to", "points", "scale"}; null where it is no such range.
Json range_values(const Json& given, bool whole) {
  const auto number = [&](const char* name) {
    return given.contains(name) && given[name].is_number() ? given[name].get<double>() : std::nan("");
  };
  const double from = number("from");
  const double to = number("to");
  const double points = number("points");
  const Json scale = given.value("scale", Json("log"));
  const bool linear = scale == "linear";
  if (given.size() != (given.contains("scale") ? 4 : 3) || !(linear || scale == "log") ||
      !(linear ? std::isfinite(from) : from > 0) || !(to > from) || !std::isfinite(to) || !(points >= 2) ||
      points > 1000 || points != std::floor(points))
    return nullptr;
  const auto count = static_cast<int64_t>(points);
  const std::vector<double> values =
      linear ? at_equal_distances(from, to, count) : at_equal_ratios(from, to, count);
  if (!whole) return values;
  Json rounded = Json::array();
  for (const double value : values) rounded.push_back(std::llround(value));
  return rounded;
}

}  // namespace

void read_axes(const Json& value, const std::string& where, TuneAxes& axes, std::vector<Problem>& problems,
               const AxisRules& rules) {
  if (!value.is_object())
    return problems.push_back(
        {where, "expected an object of paths and their values, got " + short_text(value)});
  TuneAxes list;
  const size_t before = problems.size();
  for (const auto& item : value.items()) {
    const std::string& key = item.key();
    const Json& given = item.value();
    const std::string place = where + "/" + key;
    const Json values = given.is_object() ? range_values(given, is_whole_setting(key)) : given;
    if (values.is_null()) {
      problems.push_back({place,
                          "expected a list of values, or from, to and points: numbers above 0, to above "
                          "from, 2 to 1000 points, with scale linear any numbers, got " +
                              short_text(given)});
      continue;
    }
    if (!values.is_array() || values.size() < rules.fewest_values) {
      problems.push_back(
          {place, fmt::format("expected a list of at least {}, got {}",
                              rules.fewest_values == 1 ? "one value" : "two values", short_text(given))});
      continue;
    }
    Json sorted = values;
    if (std::all_of(values.begin(), values.end(), [](const Json& v) { return v.is_number(); }))
      std::sort(sorted.begin(), sorted.end(),
                [](const Json& a, const Json& b) { return a.get<double>() < b.get<double>(); });
    TuneAxis axis{key, {}};
    for (const Json& one : sorted) {
      const std::string problem =
          rules.any_setting ? setting_problem(axis.path, one) : problem_of(axis.path, one);
      if (!problem.empty()) {
        problems.push_back({place, problem});
        break;
      }
      if (std::find(axis.values.begin(), axis.values.end(), one.dump()) != axis.values.end()) {
        problems.push_back({place, "has " + one.dump() + " twice"});
        break;
      }
      axis.values.push_back(one.dump());
    }
    if (std::any_of(list.begin(), list.end(), [&](const TuneAxis& other) { return other.path == axis.path; }))
      problems.push_back({place, fmt::format("{} is {} twice: give all its values in one list", axis.path,
                                             rules.any_setting ? "set" : "tuned")});
    list.push_back(std::move(axis));
  }
  if (problems.size() == before) axes = std::move(list);
}

Json settings_to_json(const std::vector<ArmSetting>& set) {
  Json out = Json::object();
  for (const ArmSetting& setting : set) out[setting.path] = Json::parse(setting.value);
  return out;
}

void apply_setting(Config& config, const std::string& path, const Json& value,
                   std::vector<Problem>& problems) {
  Json document = Json::object();
  document[Json::json_pointer(pointer_of(path))] = value;
  read_config(document, config, problems);
}

Json arms_to_json(const std::vector<Arm>& arms) {
  Json out = Json::array();
  for (const Arm& arm : arms) {
    if (arm.set.empty()) {
      out.push_back(arm.name);
      continue;
    }
    out.push_back({{"name", arm.name}, {"set", settings_to_json(arm.set)}});
  }
  return out;
}

Json axes_to_json(const TuneAxes& axes) {
  Json out = Json::object();
  for (const TuneAxis& axis : axes) {
    out[axis.path] = Json::array();
    for (const std::string& value : axis.values) out[axis.path].push_back(Json::parse(value));
  }
  return out;
}

Json parse_arm(const std::string& flag, const std::string& text) {
  const size_t colon = text.find(':');
  if (colon == std::string::npos) return text;
  Json set = Json::object();
  std::vector<std::string> parts = {""};
  int depth = 0;
  bool quoted = false;
  for (const char c : text.substr(colon + 1)) {
    if (c == '"') quoted = !quoted;
    if (!quoted && (c == '[' || c == '{')) ++depth;
    if (!quoted && (c == ']' || c == '}')) --depth;
    if (c == ',' && depth == 0 && !quoted)
      parts.emplace_back();
    else
      parts.back() += c;
  }
  for (const std::string& part : parts) {
    const size_t equals = part.find('=');
    if (equals == 0 || equals == std::string::npos)
      throw BadInput(flag + " " + text, "expected NAME:path=value,path=value, such as wide:body.width=256");
    const std::string path = part.substr(0, equals);
    const std::string value = part.substr(equals + 1);
    if (set.contains(path))
      throw BadInput(flag + " " + text,
                     fmt::format("sets {} to {} and to {}: set it once", path, set[path].dump(), value));
    set[path] = typed_value(value);
  }
  return {{"name", text.substr(0, colon)}, {"set", std::move(set)}};
}

double four_digits(double value) { return std::strtod(fmt::format("{:.4g}", value).c_str(), nullptr); }

std::vector<double> at_equal_ratios(double from, double to, int64_t points) {
  std::vector<double> values;
  for (int64_t i = 0; i < points; ++i) {
    const double share = static_cast<double>(i) / static_cast<double>(points - 1);
    values.push_back(four_digits(from * std::pow(to / from, share)));
  }
  return values;
}

std::vector<double> at_equal_distances(double from, double to, int64_t points) {
  std::vector<double> values;
  for (int64_t i = 0; i < points; ++i) {
    const double share = static_cast<double>(i) / static_cast<double>(points - 1);
    values.push_back(four_digits(from + (to - from) * share));
  }
  return values;
}

}  // namespace ate
