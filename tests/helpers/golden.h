// The golden files: numbers made with other programs (tests/golden/README.md).
#pragma once

#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>

namespace ate::testing {

inline nlohmann::ordered_json read_golden(const std::string& name) {
  std::ifstream in(std::string(ATE_GOLDEN_FOLDER) + "/" + name + ".json");
  if (!in) throw std::runtime_error("no golden file " + name);
  return nlohmann::ordered_json::parse(in);
}

}  // namespace ate::testing
