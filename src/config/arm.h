// An arm of a study: a name, and the settings in which it differs from the study's config. No LibTorch.
#pragma once

#include <string>
#include <vector>

#include "config/kinds.h"

namespace ate {

struct Config;

// One setting as text: its path with dots, "body.width", and its value as JSON, "256".
struct ArmSetting {
  std::string path;
  std::string value;
  bool operator==(const ArmSetting&) const = default;
};

// An arm that has the name of a kind of embedding has that embedding, over which `set` goes as over the rest of the
// config. So each kind of embedding is an arm that sets nothing.
struct Arm {
  explicit Arm(std::string arm_name, std::vector<ArmSetting> settings = {})
      : name(std::move(arm_name)), set(std::move(settings)) {}

  std::string name;             // letters, digits, '.', '_' and '-'
  std::vector<ArmSetting> set;  // each path once
  std::string variant{};        // of a tuning trial, for people: what tuning sets, "0.003"

  // The variant is words for what `set` holds.
  bool operator==(const Arm& other) const { return name == other.name && set == other.set; }

  // Those that studies speak of.
  static const Arm standard, bespoke, random_band, tied, aa, known_worse;
};

inline const Arm Arm::standard("standard");
inline const Arm Arm::bespoke("bespoke");
inline const Arm Arm::random_band("random_band");
inline const Arm Arm::tied("tied");
inline const Arm Arm::aa("aa");
inline const Arm Arm::known_worse("known_worse");

inline const char* enum_name(const Arm& arm) { return arm.name.c_str(); }

// Every kind of embedding as an arm.
std::vector<Arm> built_in_arms();

// The arm's name in files: with a hash of what it sets, where it sets something, so that two arms that share a name
// share no file.
std::string file_name(const Arm& arm);

// The config that trains the arm: the study's under what the arm sets. Of an arm's config it gives the same again.
// Throws std::logic_error for a setting that the reader would refuse (see read_config).
Config arm_config(const Config& study, const Arm& arm);

// "body.width" or "/body/width" as a JSON pointer; "" where it is neither.
std::string pointer_of(const std::string& path);

}  // namespace ate
