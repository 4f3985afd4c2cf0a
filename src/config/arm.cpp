#include "config/arm.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "config/config.h"
#include "config/overlays.h"
#include "support/hash.h"
#include "support/json.h"

namespace ate {

using Json = nlohmann::ordered_json;

std::vector<Arm> built_in_arms() {
  std::vector<Arm> arms;
  for (const std::string& name : registered_names<EmbeddingDescription>()) arms.emplace_back(name);
  return arms;
}

std::string file_name(const Arm& arm) {
  if (arm.set.empty()) return arm.name;
  std::vector<std::string> lines;
  for (const ArmSetting& setting : arm.set) lines.push_back(setting.path + "=" + setting.value + "\n");
  std::sort(lines.begin(), lines.end());
  Hash64 hash;
  for (const std::string& line : lines) hash.add(line);
  return arm.name + "-" + hash.hex().substr(0, 8);
}

std::string pointer_of(const std::string& path) {
  std::string pointer = path;
  std::replace(pointer.begin(), pointer.end(), '.', '/');
  if (pointer.empty() || pointer == "/") return "";
  if (pointer.front() != '/') pointer.insert(0, "/");
  // Each part of the path is a level of the document.
  const auto levels = static_cast<size_t>(std::count(pointer.begin(), pointer.end(), '/'));
  return levels > kDeepestJson || pointer.find("//") != std::string::npos || pointer.back() == '/' ? ""
                                                                                                   : pointer;
}

Config arm_config(const Config& study, const Arm& arm) {
  Config config = study;
  if (const EmbeddingDescription* const embedding = EmbeddingKind::find(arm.name))
    config.embedding.kind = EmbeddingKind(*embedding);
  std::vector<Problem> problems;
  for (const ArmSetting& setting : arm.set)
    apply_setting(config, setting.path, Json::parse(setting.value), problems);
  if (!problems.empty())
    throw std::logic_error("arm " + arm.name + ": " + problems[0].where + ": " + problems[0].what);
  return config;
}

}  // namespace ate
