// Kinds: of attention, of embedding (arms), of optimiser. A kind is a description, facts and functions, in a file of its
// own; a config refers to it, and JSON has its name. docs/extending.md shows how to add one. No LibTorch.
#pragma once

#include <concepts>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "config/kind_settings.h"

namespace ate {

// Every kind of this description, in the order in which people see them. Specialised where the kinds are listed: adding a
// kind is a line there.
template <class Description>
std::vector<const Description*>& registered();

// A reference to a description, which has `name` and `help`. Never empty.
template <class D>
class Kind {
 public:
  using Description = D;

  constexpr Kind(const D& description) : description_(&description) {}  // NOLINT(google-explicit-constructor)
  // Throws std::out_of_range for a name that is not registered.
  explicit Kind(std::string_view name) : description_(find(name)) {
    if (description_ == nullptr) throw std::out_of_range("no kind is called " + std::string(name));
  }

  // nullptr when there is none of this name.
  static const D* find(std::string_view name) {
    for (const D* known : registered<D>())
      if (name == known->name) return known;
    return nullptr;
  }

  const D* operator->() const { return description_; }
  bool operator==(const Kind&) const = default;

 private:
  const D* description_;
};

template <class K>
concept IsKind = std::derived_from<K, Kind<typename K::Description>>;

template <IsKind K>
const char* enum_name(const K& kind) {
  return kind->name;
}

template <class Description>
std::vector<std::string> registered_names() {
  std::vector<std::string> names;
  for (const Description* kind : registered<Description>()) names.emplace_back(kind->name);
  return names;
}

// The initial values of all settings that the kinds declare.
template <class Description>
KindSettings initial_settings() {
  KindSettings settings;
  for (const Description* kind : registered<Description>())
    for (const KindSetting& setting : kind->settings) settings.value(setting);
  return settings;
}

}  // namespace ate
