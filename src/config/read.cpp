#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "config/bounds.h"
#include "config/fields.h"
#include "config/json.h"
#include "config/overlays.h"
#include "support/json.h"
#include "support/names.h"

namespace ate {
namespace {

using Json = nlohmann::ordered_json;

// One JSON object against one struct.
class Reader {
 public:
  Reader(const Json& object, std::string path, std::vector<Problem>& problems)
      : object_(object), path_(std::move(path)), problems_(problems) {}

  template <class T>
  void field(const char* name, T& member, std::string_view help) {
    field(name, member, Bounds{}, help);
  }

  template <class T>
  void field(const char* name, T& member, const Bounds& bounds, std::string_view /*help*/) {
    known_.emplace_back(name);
    const auto it = object_.find(name);
    if (it == object_.end()) return;
    const std::string expected = read(*it, member, bounds);
    if (!expected.empty()) problem(name, "expected " + expected + ", got " + short_text(*it));
  }

  // Overlays have problems of their own inside.
  void field(const char* name, std::vector<Arm>& member, std::string_view /*help*/) {
    known_.emplace_back(name);
    const auto it = object_.find(name);
    if (it != object_.end()) read_arms(*it, path_ + "/" + name, member, problems_);
  }
  void field(const char* name, TuneAxes& member, std::string_view /*help*/) {
    known_.emplace_back(name);
    const auto it = object_.find(name);
    if (it != object_.end()) read_axes(*it, path_ + "/" + name, member, problems_);
  }

  template <class S>
  void section(const char* name, S& member, std::string_view /*help*/) {
    known_.emplace_back(name);
    const auto it = object_.find(name);
    if (it == object_.end()) return;
    if (!it->is_object()) return problem(name, "expected an object, got " + short_text(*it));
    Reader inner(*it, path_ + "/" + name, problems_);
    describe(inner, member);
    inner.report_unknown_keys();
  }

  void report_unknown_keys() {
    for (const auto& [key, value] : object_.items())
      if (std::find(known_.begin(), known_.end(), key) == known_.end())
        problem(key, "unknown key" + did_you_mean(key, known_));
  }

 private:
  void problem(const std::string& key, std::string what) {
    problems_.push_back({path_ + "/" + key, std::move(what)});
  }

  // Each overload returns what it expected when the value does not fit, "" when it does.
  static std::string read(const Json& value, double& member, const Bounds& bounds) {
    if (!value.is_number() || !holds(bounds, value.get<double>())) return expectation("a number", bounds);
    member = value.get<double>();
    return "";
  }
  static std::string read(const Json& value, int64_t& member, const Bounds& bounds) {
    // 1e3 is a whole number to people, a float to the parser.
    const bool whole = value.is_number() && value.get<double>() == std::floor(value.get<double>());
    if (!whole || !holds(bounds, value.get<double>())) return expectation("a whole number", bounds);
    member = value.get<int64_t>();
    return "";
  }
  static std::string read(const Json& value, bool& member, const Bounds&) {
    if (!value.is_boolean()) return "true or false";
    member = value.get<bool>();
    return "";
  }
  static std::string read(const Json& value, std::string& member, const Bounds&) {
    if (!value.is_string()) return "a string";
    member = value.get<std::string>();
    return "";
  }
  template <class T>
  static std::string read(const Json& value, std::optional<T>& member, const Bounds& bounds) {
    if (value.is_null()) {
      member.reset();
      return "";
    }
    T inner{};
    const std::string expected = read(value, inner, bounds);
    if (!expected.empty()) return expected + " or null";
    member = inner;
    return "";
  }
  static std::string one_of(const Json& value, const std::vector<std::string>& names) {
    return either(names) + (value.is_string() ? did_you_mean(value.get<std::string>(), names) : "");
  }
  template <class E>
  requires std::is_enum_v<E>
  static std::string read(const Json& value, E& member, const Bounds&) {
    std::vector<std::string> names;
    for (const auto& [known, name] : EnumNames<E>::values) {
      if (value == name) {
        member = known;
        return "";
      }
      names.emplace_back(name);
    }
    return one_of(value, names);
  }
  template <IsKind K>
  static std::string read(const Json& value, K& member, const Bounds&) {
    const auto* const found = value.is_string() ? K::find(value.get<std::string>()) : nullptr;
    if (found == nullptr) return one_of(value, registered_names<typename K::Description>());
    member = K(*found);
    return "";
  }
  static std::string read(const Json& value, SeedList& member, const Bounds&) {
    const char* const expected = "seeds such as \"0..9\" or [0, 3, 7]";
    std::string why;
    SeedList seeds;
    if (value.is_number_integer()) {
      seeds = {value.get<int64_t>()};
      why = seeds_problem(seeds);
    } else if (value.is_string()) {
      seeds = parse_seeds(value.get<std::string>(), why);
    } else if (value.is_array()) {
      for (const Json& seed : value) {
        if (!seed.is_number_integer()) return expected;
        seeds.push_back(seed.get<int64_t>());
      }
      why = seeds_problem(seeds);
    } else {
      return expected;
    }
    if (!why.empty()) return std::string(expected) + " (" + why + ")";
    member = seeds;
    return "";
  }
  static std::string read(const Json& value, Looks& member, const Bounds&) {
    const char* const expected = "a list of growing whole numbers, the first at least 2";
    if (!value.is_array()) return expected;
    Looks looks;
    for (const Json& item : value) {
      if (!item.is_number_integer() || item.get<int64_t>() < 2) return expected;
      if (!looks.after.empty() && item.get<int64_t>() <= looks.after.back()) return expected;
      looks.after.push_back(item.get<int64_t>());
    }
    member = std::move(looks);
    return "";
  }
  static std::string read(const Json& value, BlockWidths& member, const Bounds&) {
    const char* const expected = "a list of whole numbers from 1 to 65536";
    if (!value.is_array()) return expected;
    BlockWidths widths;
    for (const Json& item : value) {
      if (!item.is_number_integer() || item.get<int64_t>() < 1 || item.get<int64_t>() > 65536)
        return expected;
      widths.columns.push_back(item.get<int64_t>());
    }
    member = std::move(widths);
    return "";
  }
  template <IsKind E>
  static std::string read(const Json& value, std::vector<E>& member, const Bounds& bounds) {
    if (!value.is_array() || value.empty()) return "a list of at least one name";
    std::vector<E> list;
    for (const Json& item : value) {
      E one = member.front();
      const std::string expected = read(item, one, bounds);
      if (!expected.empty()) return "a list of " + expected;
      if (std::find(list.begin(), list.end(), one) != list.end()) return "each name once";
      list.push_back(one);
    }
    member = list;
    return "";
  }

  const Json& object_;
  std::string path_;
  std::vector<Problem>& problems_;
  std::vector<std::string> known_;
};

}  // namespace

void read_config(const Json& document, Config& config, std::vector<Problem>& problems) {
  if (!document.is_object()) {
    problems.push_back({"", "expected an object, got " + short_text(document)});
    return;
  }
  Reader reader(document, "", problems);
  describe(reader, config);
  reader.report_unknown_keys();
}

}  // namespace ate
