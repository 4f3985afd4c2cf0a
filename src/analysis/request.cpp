#include "analysis/request.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>

#include "analysis/crossover.h"
#include "analysis/grid.h"
#include "config/parse.h"
#include "support/names.h"

namespace ate {
namespace {

using Json = nlohmann::ordered_json;
using Numbers = std::vector<int64_t>;

constexpr size_t kMostShapes = 10'000;
constexpr int64_t kDocumentHeadSize = 64;

std::vector<std::string> setting_names() {
  std::vector<std::string> names;
  for (const SettingHelp& setting : analysis_settings()) names.emplace_back(setting.name);
  return names;
}

std::string text_of(const Json& value) {
  if (value.is_string()) return value.get<std::string>();
  // 1e6 is a whole number to people.
  if (value.is_number_float() && value == std::floor(value.get<double>()) &&
      std::abs(value.get<double>()) < 1e15)
    return std::to_string(value.get<int64_t>());
  return value.dump();
}

// The settings by name, read one by one; problems are gathered.
class Reader {
 public:
  explicit Reader(const std::vector<Setting>& settings) {
    for (const Setting& setting : settings) by_name_[setting.name] = setting;
  }

  bool has(const char* name) const { return by_name_.count(name) > 0; }
  std::string where(const char* name) const { return by_name_.at(name).where; }
  // One problem for each setting: the first shape that it spoils stands for the others.
  void blame(const char* name, std::string what) {
    const bool told = std::any_of(problems_.begin(), problems_.end(),
                                  [&](const Problem& problem) { return problem.where == where(name); });
    if (!told) problems_.push_back({where(name), std::move(what)});
  }
  void throw_if_any() {
    if (!problems_.empty()) throw BadInput(std::move(problems_));
  }

  Numbers numbers(const char* name, Numbers fallback, int64_t low, int64_t high) {
    if (!has(name)) return fallback;
    Numbers values;
    const bool read =
        parse_grid(by_name_.at(name).value, values) &&
        std::all_of(values.begin(), values.end(), [&](int64_t v) { return v >= low && v <= high; });
    if (read) return values;
    blame(name, fmt::format("{}, got \"{}\"", grid_expectation(low, high), by_name_.at(name).value));
    return fallback;
  }

  std::optional<int64_t> number(const char* name, int64_t low, int64_t high) {
    if (!has(name)) return std::nullopt;
    int64_t value = 0;
    if (parse_whole(by_name_.at(name).value, value) && value >= low && value <= high) return value;
    blame(name, fmt::format("expected a whole number from {} to {}, got \"{}\"", low, high,
                            by_name_.at(name).value));
    return std::nullopt;
  }

  template <class E>
  E choice(const char* name, E fallback, const std::vector<std::pair<std::string, E>>& values) {
    if (!has(name)) return fallback;
    const std::string& text = by_name_.at(name).value;
    std::vector<std::string> names;
    for (const auto& [known, value] : values) {
      if (known == text) return value;
      names.push_back(known);
    }
    blame(name, fmt::format("expected {}, got \"{}\"{}", either(names), text, did_you_mean(text, names)));
    return fallback;
  }

  std::vector<Accounting> accountings() {
    const char* const name = "accounting";
    std::vector<Accounting> chosen;
    std::vector<std::string> names;
    for (const Accounting a : kAccountings) names.emplace_back(accounting_name(a));
    if (!has(name)) return {std::begin(kAccountings), std::end(kAccountings)};
    for (const std::string& part : split(by_name_.at(name).value, ',')) {
      const auto it = std::find(names.begin(), names.end(), part);
      if (it == names.end()) {
        blame(name, fmt::format("expected a list of {}, got \"{}\"{}", either(names), part,
                                did_you_mean(part, names)));
        return {};
      }
      chosen.push_back(kAccountings[it - names.begin()]);
    }
    return chosen;
  }

 private:
  std::map<std::string, Setting> by_name_;
  std::vector<Problem> problems_;
};

std::string divisors_near(int64_t number, int64_t wanted) {
  int64_t below = std::min(wanted, number);
  while (number % below != 0) --below;
  int64_t above = std::min(wanted, number);
  while (number % above != 0) ++above;
  return above > wanted && above != below ? fmt::format("{} or {}", below, above) : std::to_string(below);
}

// The heads that `width` is cut into: by --heads, by --head-size, or into heads of 64.
struct Heads {
  std::optional<int64_t> count;
  std::optional<int64_t> size;
  std::optional<int64_t> kv;
};

// 0 when they do not fit, which is then a problem.
int64_t heads_of(int64_t width, const Heads& heads, Reader& reader) {
  if (heads.count && width % *heads.count != 0) {
    reader.blame("heads", fmt::format("{} heads do not divide d = {}; the nearest that do are {}",
                                      *heads.count, width, divisors_near(width, *heads.count)));
    return 0;
  }
  if (heads.count && heads.size && *heads.count * *heads.size != width) {
    reader.blame("head_size", fmt::format("{} heads of {} make {}, not d = {}; leave one of the three out",
                                          *heads.count, *heads.size, *heads.count * *heads.size, width));
    return 0;
  }
  if (heads.count) return *heads.count;
  const int64_t size = heads.size.value_or(kDocumentHeadSize);
  if (width % size != 0) {
    reader.blame(heads.size ? "head_size" : "d",
                 fmt::format("heads of {} do not divide d = {}; give --heads, or a --head-size such as {}",
                             size, width, divisors_near(width, size)));
    return 0;
  }
  return width / size;
}

int64_t kv_heads_of(int64_t heads, const Heads& wanted, Reader& reader) {
  if (!wanted.kv) return heads;
  if (heads % *wanted.kv == 0) return *wanted.kv;
  reader.blame("kv_heads",
               fmt::format("{} key-value heads do not divide the {} heads; the nearest that do are {}",
                           *wanted.kv, heads, divisors_near(heads, *wanted.kv)));
  return 0;
}

}  // namespace

const std::vector<SettingHelp>& analysis_settings() {
  static const std::vector<SettingHelp> settings = {
      {"d", "LIST",
       "Widths of the model, such as 512,1024 or 1k..8k (k = 1024, M = 1024^2; a range doubles)"},
      {"T", "LIST", "Tokens in the sequence, likewise; every T is set with every d"},
      {"k", "LIST", "Keys that each query selects (default 8)"},
      {"hidden", "N", "h, hidden width of the selector and of the approximator (default 128)"},
      {"heads", "N", "H, which must divide d (default: heads of 64)"},
      {"head_size", "N", "hd = d / H (default 64)"},
      {"kv_heads", "N", "Heads that keys and values have; must divide H (default H)"},
      {"feedforward", "N", "Hidden width of the feed-forward block, as a multiple of d (default 4)"},
      {"layers", "N", "L, for the model's scope (default 1)"},
      {"vocabulary", "N", "V, outputs of the last linear map, for the model's scope (default 0: none)"},
      {"batch", "N", "B, sequences, for memory, intensity and measuring (default 1)"},
      {"causal", "BOOL", "true (default) or false: whether a query sees only what comes before it"},
      {"pass", "PASS", "forward (default), backward or both"},
      {"scope", "SCOPE", "attention (default), layer or model"},
      {"selector", "OUTPUTS",
       "all (default): the selector has T outputs for each query; visible: half of them"},
      {"dtype", "TYPE", "fp32 (default) or bf16, for bytes, peaks and measuring"},
      {"accounting", "LIST", "published, detailed, corrected (default: all three)"},
  };
  return settings;
}

std::vector<Shape> document_shapes() {
  std::vector<Shape> shapes;
  for (const auto& [width, length] :
       {std::pair{128, 64}, {256, 128}, {512, 256}, {768, 512}, {1024, 1024}, {1280, 2048}, {2048, 2048}}) {
    Shape shape;
    shape.width = width;
    shape.length = length;
    shapes.push_back(shape);
  }
  return shapes;
}

std::vector<Setting> read_settings(const std::string& path) {
  std::vector<Problem> problems;
  Json document = parse_json(read_config_file(path), path, problems);
  if (!document.is_object()) {
    problems.push_back({path, "expected an object of settings, such as {\"d\": 1024}"});
    document = Json::object();
  }
  std::vector<Setting> settings;
  const std::vector<std::string> names = setting_names();
  for (const auto& [key, value] : document.items()) {
    const std::string where = fmt::format("{}: /{}", path, key);
    if (std::find(names.begin(), names.end(), key) == names.end())
      problems.push_back({where, "unknown key" + did_you_mean(key, names)});
    const bool list = value.is_array() && !value.empty();
    std::string text = list ? "" : text_of(value);
    for (const Json& item : list ? value : Json::array()) text += (text.empty() ? "" : ",") + text_of(item);
    settings.push_back({key, text, where});
  }
  if (!problems.empty()) throw BadInput(std::move(problems));
  return settings;
}

AnalysisRequest make_request(const std::vector<Setting>& settings) {
  Reader reader(settings);
  AnalysisRequest request;
  constexpr int64_t most = 1 << 20;
  constexpr int64_t widest = 1 << 24;
  const Numbers widths = reader.numbers("d", {1024}, 1, widest);
  const Numbers lengths = reader.numbers("T", {256, 512, 1024, 2048, 4096, 8192, 16384, 32768}, 1, kLongest);
  const Numbers keys = reader.numbers("k", {8}, 1, kLongest);
  Shape base;
  base.hidden = reader.number("hidden", 1, widest).value_or(base.hidden);
  base.feedforward = reader.number("feedforward", 0, most).value_or(base.feedforward);
  base.layers = reader.number("layers", 1, most).value_or(base.layers);
  base.vocabulary = reader.number("vocabulary", 0, int64_t{1} << 40).value_or(base.vocabulary);
  base.batch = reader.number("batch", 1, most).value_or(base.batch);
  base.causal = reader.choice<bool>("causal", true, {{"true", true}, {"false", false}});
  base.selector_outputs =
      reader.choice<SelectorOutputs>("selector", SelectorOutputs::all,
                                     {{"all", SelectorOutputs::all}, {"visible", SelectorOutputs::visible}});
  const Heads heads = {reader.number("heads", 1, most), reader.number("head_size", 1, widest),
                       reader.number("kv_heads", 1, most)};
  request.coverage.pass =
      reader.choice<Pass>("pass", Pass::forward,
                          {{"forward", Pass::forward}, {"backward", Pass::backward}, {"both", Pass::both}});
  request.coverage.scope = reader.choice<Scope>(
      "scope", Scope::attention,
      {{"attention", Scope::attention}, {"layer", Scope::layer}, {"model", Scope::model}});
  request.element_bytes = reader.choice<int64_t>("dtype", 4, {{"fp32", 4}, {"bf16", 2}});
  request.accountings = reader.accountings();
  request.document_rows = !reader.has("d") && !reader.has("T");
  request.document_sizes = request.document_rows && !reader.has("k") && !reader.has("hidden") &&
                           !reader.has("heads") && !reader.has("head_size");

  reader.throw_if_any();  // a grid of defaults would raise problems of its own

  std::vector<Shape> grid;
  if (request.document_rows)
    grid = document_shapes();
  else if (widths.size() * lengths.size() * keys.size() > kMostShapes)
    reader.blame(reader.has("T") ? "T" : "d",
                 fmt::format("the grid has {} shapes, more than {}",
                             widths.size() * lengths.size() * keys.size(), kMostShapes));
  else
    for (const int64_t width : widths)
      for (const int64_t length : lengths) {
        Shape shape;
        shape.width = width;
        shape.length = length;
        grid.push_back(shape);
      }
  for (const Shape& size : grid) {
    Shape shape = base;
    shape.width = size.width;
    shape.length = size.length;
    // The original report's rows stand for d, so a misfit is a matter of --heads or --head-size.
    shape.heads = heads_of(shape.width, heads, reader);
    if (shape.heads == 0) continue;
    shape.kv_heads = kv_heads_of(shape.heads, heads, reader);
    for (const int64_t k : keys) {
      shape.keys = k;
      if (k > shape.length)
        reader.blame(
            reader.has("k") ? "k" : "T",
            fmt::format("{} keys cannot be selected from {} tokens; give --k of at most {}, or a longer --T",
                        k, shape.length, shape.length));
      request.shapes.push_back(shape);
    }
  }
  reader.throw_if_any();
  return request;
}

}  // namespace ate
