// Trials step by step, and what their checkpoints hold.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "helpers/libtorch.h"
#include "helpers/temporary_folder.h"
#include "train/safetensors.h"
#include "train/trial.h"

namespace ate::testing {

inline Trial make_trial(const Config& config, Arm arm, int64_t seed = 0) {
  return {config, TrialId{arm, seed}, at::Device(at::kCPU)};
}

// The checkpoint at the start and after each step, to the trial's end.
inline std::vector<std::string> all_states(Trial& trial) {
  std::vector<std::string> states = {trial.checkpoint()};
  while (!trial.ended()) {
    trial.advance();
    states.push_back(trial.checkpoint());
  }
  return states;
}

inline std::string final_state(Trial& trial) { return all_states(trial).back(); }

// Continues `trial` from the bytes of a checkpoint.
inline void restore(Trial& trial, const std::string& bytes) {
  const TemporaryFolder folder;
  trial.restore(SafetensorsFile(folder.write("state.safetensors", bytes)));
}

// Name -> bytes of every array in a checkpoint, taken apart by the format's rules.
std::map<std::string, std::string> arrays_of(const std::string& checkpoint);
inline std::vector<float> floats_of(const std::string& bytes) {
  const auto* begin = reinterpret_cast<const float*>(bytes.data());
  return {begin, begin + bytes.size() / sizeof(float)};
}

}  // namespace ate::testing
