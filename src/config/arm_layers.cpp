#include "config/arm_layers.h"

#include <algorithm>

#include "config/config.h"
#include "config/overlays.h"

namespace ate {
namespace {

using Json = nlohmann::ordered_json;

// `known`: the arms that set something, by their names.
void complete(Json& arms, const Json& known, const Json& baseline) {
  for (Json& arm : arms)
    if (arm.is_string()) arm = known.value(arm.get<std::string>(), arm);
  if (std::none_of(arms.begin(), arms.end(), [](const Json& arm) { return arm.is_null(); })) return;
  arms.erase(std::remove(arms.begin(), arms.end(), baseline), arms.end());
  std::replace(arms.begin(), arms.end(), Json(), baseline);
}

}  // namespace

void complete_arms(std::vector<Layer>& layers, bool published) {
  const Json::json_pointer place("/study/arms");
  Json baseline = arms_to_json(Config().study.arms).front();
  Json known = Json::object();
  for (Layer& layer : layers) {
    if (layer.is_published() && !published) continue;
    if (!layer.document.is_object() || !layer.document.contains(place)) continue;
    Json& arms = layer.document[place];
    if (!arms.is_array() || arms.empty()) continue;
    if (layer.is_flag) complete(arms, known, baseline);
    baseline = arms.front();
    for (const Json& arm : arms)
      if (arm.is_object() && arm.contains("name") && arm["name"].is_string())
        known[arm["name"].get<std::string>()] = arm;
  }
}

}  // namespace ate
