#include <nlohmann/json.hpp>

#include "config/fields.h"
#include "config/json.h"
#include "config/overlays.h"

namespace ate {
namespace {

using Json = nlohmann::ordered_json;

template <class T>
Json to_json(const T& value) {
  if constexpr (std::is_enum_v<T> || IsKind<T>)
    return enum_name(value);
  else
    return value;
}
template <class T>
Json to_json(const std::optional<T>& value) {
  return value ? to_json(*value) : Json(nullptr);
}
Json to_json(const SeedList& seeds) { return format_seeds(seeds); }
Json to_json(const Looks& looks) { return looks.after; }
Json to_json(const BlockWidths& widths) { return widths.columns; }
Json to_json(const std::vector<Arm>& arms) { return arms_to_json(arms); }
Json to_json(const TuneAxes& axes) { return axes_to_json(axes); }
template <class E>
requires std::is_enum_v<E> || IsKind<E> Json to_json(const std::vector<E>& list) {
  Json out = Json::array();
  for (const E value : list) out.push_back(to_json(value));
  return out;
}

struct Writer {
  Json object = Json::object();

  template <class T>
  void field(const char* name, const T& member, std::string_view /*help*/) {
    object[name] = to_json(member);
  }
  template <class T>
  void field(const char* name, const T& member, const Bounds& /*bounds*/, std::string_view /*help*/) {
    object[name] = to_json(member);
  }
  template <class S>
  void section(const char* name, S& member, std::string_view /*help*/) {
    Writer inner;
    describe(inner, member);
    object[name] = std::move(inner.object);
  }
};

// The same without what came later and is at its default.
struct HashedWriter {
  Json defaults;
  Json object = Json::object();
  bool later = false;

  void next_is_later() { later = true; }

  template <class T>
  void field(const char* name, const T& member, std::string_view /*help*/) {
    add(name, to_json(member));
  }
  template <class T>
  void field(const char* name, const T& member, const Bounds& /*bounds*/, std::string_view /*help*/) {
    add(name, to_json(member));
  }
  template <class S>
  void section(const char* name, S& member, std::string_view /*help*/) {
    const bool whole = std::exchange(later, false);
    HashedWriter inner{defaults.value(name, Json::object())};
    describe(inner, member);
    if (whole && inner.at_defaults()) return;
    object[name] = std::move(inner.object);
  }

 private:
  bool at_defaults() const {
    for (const auto& [key, value] : object.items())
      if (defaults[key] != value) return false;
    return true;
  }
  void add(const char* name, Json value) {
    if (std::exchange(later, false) && defaults.at(name) == value) return;
    object[name] = std::move(value);
  }
};

template <class Writer>
Json written(Writer writer, const Config& config) {
  Config copy = config;  // describe takes a mutable struct, so that reading can share it
  describe(writer, copy);
  return std::move(writer.object);
}

}  // namespace

Json hashed_config(const Config& config) { return written(HashedWriter{write_config(Config())}, config); }

Json write_config(const Config& config) { return written(Writer{}, config); }

}  // namespace ate
