// One trial of a study, an arm trained from one seed, and the keys of its random numbers. No LibTorch.
#pragma once

#include <cstdint>
#include <string>

#include "config/config.h"
#include "random/counter.h"
#include "support/hash.h"

namespace ate {

struct TrialId {
  Arm arm = Arm::standard;
  int64_t seed = 0;

  std::string arm_name() const { return arm.name; }
  // For people: "bespoke-s3", in tuning "bespoke[0.003]-s1000".
  std::string text() const {
    return arm.name + (arm.variant.empty() ? "" : "[" + arm.variant + "]") + "-s" + std::to_string(seed);
  }
  std::string file() const { return file_name(arm) + "-s" + std::to_string(seed); }  // names files
  bool operator==(const TrialId&) const = default;
};

// A stream of random numbers of an arm's own.
inline uint32_t arm_stream(const Arm& arm) { return hash32(arm.name) | 1U; }

// Of all that a trial draws: paired arms share it, unpaired ones each have a stream of their own.
inline RandomKey trial_key(const Config& config, const TrialId& id) {
  return {static_cast<uint32_t>(id.seed), config.study.paired ? 0 : arm_stream(id.arm)};
}

// Of the parameters' start. `config`: the arm's.
inline RandomKey start_key(const Config& config, const TrialId& id) {
  RandomKey key = trial_key(config, id);
  if (config.embedding.kind->own_start) key.stream = arm_stream(id.arm);
  return key;
}

}  // namespace ate
