// A setting that belongs to a kind (of attention, of optimiser): declared in the kind's file, kept in the config by name.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <variant>

namespace ate {

// A range of numbers; `open` ends are excluded.
struct Bounds {
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  bool low_open = false;
  bool high_open = false;
};
constexpr Bounds at_least(double low) { return {low}; }
constexpr Bounds above(double low) { return {low, std::numeric_limits<double>::infinity(), true}; }
constexpr Bounds between(double low, double high) { return {low, high}; }
constexpr Bounds from_to_below(double low, double high) { return {low, high, false, true}; }
constexpr Bounds inside(double low, double high) { return {low, high, true, true}; }

using SettingValue = std::variant<int64_t, double, bool>;

struct KindSetting {
  const char* name;
  SettingValue initial;  // its type is the setting's
  Bounds bounds;
  const char* help;
  // It was there when the first runs were named, so it is always part of the hash that names them; others are where they
  // are not at their initial value.
  bool original = false;
};

// Values by name. A setting that was never set has its initial value.
class KindSettings {
 public:
  // The value of `setting`, to read or to change.
  SettingValue& value(const KindSetting& setting) {
    return values_.try_emplace(setting.name, setting.initial).first->second;
  }
  void set(const std::string& name, SettingValue value) { values_[name] = value; }

  // Throw std::out_of_range for a name that no registered kind declares, std::bad_variant_access for another type.
  int64_t whole(const std::string& name) const { return std::get<int64_t>(values_.at(name)); }
  double real(const std::string& name) const { return std::get<double>(values_.at(name)); }
  bool flag(const std::string& name) const { return std::get<bool>(values_.at(name)); }

  bool operator==(const KindSettings&) const = default;

 private:
  std::map<std::string, SettingValue> values_;
};

}  // namespace ate
