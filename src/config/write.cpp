#include <nlohmann/json.hpp>

#include "config/fields.h"
#include "config/json.h"

namespace ate {
namespace {

using Json = nlohmann::ordered_json;

template <class T>
Json to_json(const T& value) {
  if constexpr (std::is_enum_v<T>)
    return enum_name(value);
  else
    return value;
}
template <class T>
Json to_json(const std::optional<T>& value) {
  return value ? to_json(*value) : Json(nullptr);
}
Json to_json(const SeedList& seeds) { return format_seeds(seeds); }
template <class E>
requires std::is_enum_v<E> Json to_json(const std::vector<E>& list) {
  Json out = Json::array();
  for (const E value : list) out.push_back(to_json(value));
  return out;
}

struct Writer {
  Json object = Json::object();

  template <class T>
  void field(const char* name, const T& member, const char* /*help*/) {
    object[name] = to_json(member);
  }
  template <class T>
  void field(const char* name, const T& member, const Bounds& /*bounds*/, const char* /*help*/) {
    object[name] = to_json(member);
  }
  template <class S>
  void section(const char* name, S& member, const char* /*help*/) {
    Writer inner;
    describe(inner, member);
    object[name] = std::move(inner.object);
  }
};

}  // namespace

Json write_config(const Config& config) {
  Writer writer;
  Config copy = config;  // describe takes a mutable struct, so that reading can share it
  describe(writer, copy);
  return std::move(writer.object);
}

}  // namespace ate
