#include "sweep/sweep_file.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <set>

#include "config/grid.h"
#include "config/json.h"
#include "config/names.h"
#include "config/overlays.h"
#include "config/parse.h"
#include "random/counter.h"
#include "support/hash.h"
#include "support/json.h"
#include "support/names.h"

namespace ate {
namespace {

using Json = nlohmann::ordered_json;

constexpr size_t kMostPoints = 100'000;
constexpr const char* kSweepKeys[] = {"grid", "list", "random", "slurm"};

// Why a sweep cannot go over this setting, "" where it can.
std::string unswept(const std::string& path) {
  const std::string section = path.substr(0, path.find('.'));
  if (section == "name" || section == "description") return "changes no trial: a sweep cannot go over it";
  if (section == "train") return "only ate train reads it: a sweep trains studies";
  return "";
}

std::vector<SweepPoint> read_grid(const Json& value, std::vector<Problem>& problems) {
  TuneAxes axes;
  if (value.is_object() && value.empty()) {
    problems.push_back({"/grid", "is empty: give a path and its values, such as {\"body.width\": [32, 64]}"});
    return {};
  }
  read_axes(value, "/grid", axes, problems, {true, 1});
  size_t points = 1;
  for (const TuneAxis& axis : axes)
    if (points <= kMostPoints) points *= axis.values.size();
  if (points > kMostPoints) {
    problems.push_back({"/grid", fmt::format("has over {} points: leave values out", kMostPoints)});
    return {};
  }
  return grid_points(axes);
}

std::vector<SweepPoint> read_points(const Json& value, std::vector<Problem>& problems) {
  std::vector<SweepPoint> points;
  if (!value.is_array() || value.empty())
    problems.push_back(
        {"/list", "expected a list of at least one object of settings, got " + short_text(value)});
  for (size_t i = 0; value.is_array() && i < value.size(); ++i) {
    const std::string where = fmt::format("/list/{}", i);
    if (!value[i].is_object()) {
      problems.push_back({where, "expected an object of settings, got " + short_text(value[i])});
      continue;
    }
    SweepPoint point;
    for (const auto& [key, one] : value[i].items()) {
      std::string path = key;
      if (const std::string problem = setting_problem(path, one); !problem.empty())
        problems.push_back({where + "/" + key, problem});
      else if (std::any_of(point.begin(), point.end(), [&](const ArmSetting& s) { return s.path == path; }))
        problems.push_back({where + "/" + key, "is set twice"});
      else
        point.push_back({path, one.dump()});
    }
    points.push_back(std::move(point));
  }
  return points;
}

// Tells apart the keys of an object that are none of the known ones.
void refuse_unknown(const Json& value, const std::string& where, const std::vector<std::string>& known,
                    std::vector<Problem>& problems) {
  for (const auto& [key, ignored] : value.items())
    if (std::find(known.begin(), known.end(), key) == known.end())
      problems.push_back({where + "/" + key, fmt::format("unknown key{}; there are {}",
                                                         did_you_mean(key, known), either(known))});
}

// The law of one path's draws: one of some values, or a number between two.
struct Draw {
  std::string path;
  Json values;  // null for a range
  double low = 0;
  double high = 0;
  bool log = false;

  Json value(uint32_t seed, uint64_t i) const {
    // A site that random widths, whose purpose this shares, do not use.
    constexpr uint32_t kSite = 1;
    const uint64_t bits = word64(random_block({seed, hash32(path)}, Purpose::allocation, kSite, 0, i), 0);
    if (!values.is_null()) return values[below(bits, values.size())];
    const double share = unit_interval(bits);
    const bool whole = is_whole_setting(path);
    // A whole number has the room from half below it to half above it.
    const double least = whole ? low - 0.5 : low;
    const double most = whole ? high + 0.5 : high;
    const double drawn = log ? least * std::pow(most / least, share) : least + (most - least) * share;
    if (whole) return static_cast<int64_t>(std::clamp(std::floor(drawn + 0.5), low, high));
    return std::clamp(std::strtod(fmt::format("{:.6g}", drawn).c_str(), nullptr), low, high);
  }
};

void read_draw(const std::string& key, const Json& given, std::vector<Draw>& draws,
               std::vector<Problem>& problems) {
  const std::string where = "/random/draw/" + key;
  Draw draw;
  draw.path = key;
  Json tried = Json::array();
  if (given.is_array() && !given.empty()) {
    draw.values = tried = given;
  } else {
    const auto is_number = [&](const char* name) { return given.contains(name) && given[name].is_number(); };
    const size_t known = given.is_object() ? 2 + (given.contains("log") ? 1 : 0) : 0;
    const Json log = given.is_object() ? given.value("log", Json(false)) : Json();
    if (known != given.size() || known == 0 || !is_number("low") || !is_number("high") || !log.is_boolean() ||
        !(given["high"] > given["low"]) || (log == true && !(given["low"] > 0)))
      return problems.push_back(
          {where,
           "expected a list of values, or {\"low\", \"high\", \"log\"}: numbers, high above "
           "low, with log low above 0, got " +
               short_text(given)});
    draw.low = given["low"];
    draw.high = given["high"];
    draw.log = log;
    tried = {given["low"], given["high"]};
  }
  for (const Json& value : tried)
    if (const std::string problem = setting_problem(draw.path, value); !problem.empty())
      return problems.push_back({where, problem});
  if (std::any_of(draws.begin(), draws.end(), [&](const Draw& d) { return d.path == draw.path; }))
    return problems.push_back({where, "is drawn twice"});
  draws.push_back(std::move(draw));
}

std::vector<SweepPoint> read_random(const Json& value, std::vector<Problem>& problems) {
  const char* const example =
      "such as {\"count\": 20, \"seed\": 0, \"draw\": {\"optimiser.learning_rate\": {\"low\": 1e-4, "
      "\"high\": "
      "1e-2, \"log\": true}}}";
  if (!value.is_object()) {
    problems.push_back({"/random", fmt::format("expected an object {}, got {}", example, short_text(value))});
    return {};
  }
  refuse_unknown(value, "/random", {"count", "seed", "draw"}, problems);
  const auto whole = [&](const char* name, const Json& fallback, int64_t low, int64_t high) {
    const Json given = value.value(name, fallback);
    if (given.is_number_integer() && given >= low && given <= high) return given.get<int64_t>();
    problems.push_back(
        {std::string("/random/") + name,
         fmt::format("expected a whole number from {} to {}, got {}", low, high, short_text(given))});
    return low;
  };
  const int64_t count = whole("count", nullptr, 1, static_cast<int64_t>(kMostPoints));
  const auto seed = static_cast<uint32_t>(whole("seed", 0, 0, kLargestSeed));
  const Json given = value.value("draw", Json());
  std::vector<Draw> draws;
  if (!given.is_object() || given.empty())
    problems.push_back({"/random/draw", fmt::format("expected paths and their laws, {}", example)});
  else
    for (const auto& [key, law] : given.items()) read_draw(key, law, draws, problems);
  std::vector<SweepPoint> points;
  std::set<std::string> known;  // a draw of few values comes again: once is enough
  for (int64_t i = 0; i < count; ++i) {
    SweepPoint point;
    for (const Draw& draw : draws)
      point.push_back({draw.path, draw.value(seed, static_cast<uint64_t>(i)).dump()});
    if (known.insert(describe(point)).second) points.push_back(std::move(point));
  }
  return points;
}

// Every point of `points` with every one of `more`; the settings of both, which must not set the same.
void multiply(Sweep& sweep, const std::vector<SweepPoint>& more, const std::string& where,
              std::vector<Problem>& problems) {
  std::vector<std::string> own;
  for (const SweepPoint& point : more)
    for (const ArmSetting& setting : point)
      if (std::find(own.begin(), own.end(), setting.path) == own.end()) own.push_back(setting.path);
  for (const std::string& path : own) {
    if (std::find(sweep.paths.begin(), sweep.paths.end(), path) != sweep.paths.end())
      problems.push_back({where, path + " is set by two of grid, list and random: leave it in one of them"});
    if (const std::string why = unswept(path); !why.empty()) problems.push_back({where, path + " " + why});
  }
  sweep.paths.insert(sweep.paths.end(), own.begin(), own.end());
  if (sweep.points.size() * more.size() > kMostPoints)
    return problems.push_back({where, fmt::format("makes over {} points", kMostPoints)});
  std::vector<SweepPoint> points;
  for (const SweepPoint& point : sweep.points)
    for (const SweepPoint& one : more) {
      points.push_back(point);
      points.back().insert(points.back().end(), one.begin(), one.end());
    }
  sweep.points = std::move(points);
}

std::vector<std::string> known_keys() {
  std::vector<std::string> known(std::begin(kSweepKeys), std::end(kSweepKeys));
  known.insert(known.end(), {"$schema", "extends", "published"});
  const Json settings = write_config(Config());
  for (const auto& [key, ignored] : settings.items()) known.push_back(key);
  return known;
}

[[noreturn]] void throw_at(const std::string& file, std::vector<Problem> problems) {
  for (Problem& problem : problems) problem.where = file + ": " + problem.where;
  throw BadInput(std::move(problems));
}

}  // namespace

Sweep read_sweep(const std::string& file) {
  Sweep sweep;
  sweep.file = file;
  std::vector<Problem> problems;
  sweep.config = parse_json(read_config_file(file, ""), file, problems);
  if (!problems.empty()) throw BadInput(std::move(problems));
  if (!sweep.config.is_object())
    throw BadInput(
        file, "expected an object of settings with a grid, list or random, got " + short_text(sweep.config));
  const std::vector<std::string> known = known_keys();
  for (const auto& [key, ignored] : sweep.config.items())
    if (std::find(known.begin(), known.end(), key) == known.end())
      problems.push_back({"/" + key, "unknown key" + did_you_mean(key, known)});
  sweep.points = {{}};
  bool any = false;
  const auto add = [&](const char* key, const auto& read) {
    const auto part = sweep.config.find(key);
    if (part == sweep.config.end()) return;
    any = true;
    const size_t before = problems.size();
    const std::vector<SweepPoint> points = read(*part, problems);
    if (problems.size() == before) multiply(sweep, points, std::string("/") + key, problems);
  };
  add("grid", read_grid);
  add("list", read_points);
  add("random", read_random);
  if (!any && problems.empty())
    throw BadInput(file, "has no points: add a grid, list or random; ate study trains one config");
  if (const auto slurm = sweep.config.find("slurm"); slurm != sweep.config.end())
    sweep.slurm = read_slurm(*slurm, "/slurm", problems);
  if (!problems.empty()) throw_at(file, std::move(problems));
  for (const char* key : kSweepKeys) sweep.config.erase(key);
  if (!sweep.config.contains("name")) sweep.config["name"] = std::filesystem::path(file).stem().string();
  const Json& name = sweep.config["name"];
  if (!name.is_string() || !safe_in_file_names(name.get<std::string>()))
    throw BadInput(file + ": /name", fmt::format("expected {}, got {}", kSafeName, short_text(name)));
  sweep.name = name.get<std::string>();
  return sweep;
}

std::string describe(const SweepPoint& point) {
  std::vector<std::string> parts;
  for (const ArmSetting& setting : point) parts.push_back(setting.path + "=" + setting.value);
  return fmt::format("{}", fmt::join(parts, ", "));
}

Resolved resolve_point(const Sweep& sweep, size_t point) {
  const SweepPoint& settings = sweep.points[point];
  Choice choice;
  choice.inner = Layer{sweep.file, sweep.config};
  if (!settings.empty()) {
    Layer layer{fmt::format("{}: point {} ({})", sweep.file, point + 1, shortened(describe(settings), 200)),
                Json::object(), true};
    for (const ArmSetting& setting : settings)
      layer.document[Json::json_pointer(pointer_of(setting.path))] = Json::parse(setting.value);
    choice.flags.push_back(std::move(layer));
  }
  return resolve(choice);
}

}  // namespace ate
