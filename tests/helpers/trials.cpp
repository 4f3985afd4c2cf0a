#include "helpers/trials.h"

#include <cstring>
#include <nlohmann/json.hpp>

namespace ate::testing {

std::map<std::string, std::string> arrays_of(const std::string& checkpoint) {
  uint64_t length = 0;
  std::memcpy(&length, checkpoint.data(), sizeof length);
  const auto header = nlohmann::ordered_json::parse(checkpoint.substr(sizeof length, length));
  std::map<std::string, std::string> arrays;
  for (const auto& [name, entry] : header.items()) {
    if (name == "__metadata__") continue;
    const auto begin = entry["data_offsets"][0].get<size_t>();
    const auto end = entry["data_offsets"][1].get<size_t>();
    arrays[name] = checkpoint.substr(sizeof length + length + begin, end - begin);
  }
  return arrays;
}

}  // namespace ate::testing
