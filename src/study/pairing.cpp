#include "study/pairing.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "config/derived.h"
#include "data/corpus.h"
#include "model/embedding_plan.h"
#include "model/layout.h"

namespace ate {
namespace {

struct Shared {
  size_t same = 0;  // tensors of the same name and shape, which start the same
  size_t all = 0;
};

Shared shared_tensors(const Config& study, const Arm& arm, const Arm& baseline) {
  const int64_t seed = study.study.seeds.front();
  const auto layout_of = [&](const Arm& one) {
    const Config config = arm_config(study, one);
    return make_layout(config, plan_embedding(config, one, make_corpus(config.source, seed), seed));
  };
  const Layout own = layout_of(arm);
  const Layout theirs = layout_of(baseline);
  Shared shared{0, own.tensors.size()};
  for (const ParameterTensor& tensor : own.tensors)
    shared.same +=
        std::any_of(theirs.tensors.begin(), theirs.tensors.end(), [&](const ParameterTensor& other) {
          return other.name == tensor.name && other.shape == tensor.shape;
        });
  return shared;
}

// What tuning chose is told by its own notes.
bool is_tuned(const StudyResult& result, const ArmSetting& setting) {
  const TuneAxes& axes = result.config.study.tune.axes;
  return std::any_of(axes.begin(), axes.end(),
                     [&](const TuneAxis& axis) { return axis.path == setting.path; });
}

}  // namespace

std::vector<std::string> describe_pairing(const StudyResult& result) {
  std::vector<std::string> notes;
  if (!result.config.study.paired) return notes;
  const Arm& baseline = result.arms.front().arm;
  const Config base = arm_config(result.config, baseline);
  for (const ArmResult& arm : result.arms) {
    if (arm.arm.set.empty()) continue;
    std::vector<std::string> set;
    for (const ArmSetting& setting : arm.arm.set)
      if (!is_tuned(result, setting)) set.push_back(setting.path + " = " + setting.value);
    if (set.empty()) continue;
    std::string note = fmt::format("{} sets {}.", arm.arm.name, fmt::join(set, ", "));
    const Config config = arm_config(result.config, arm.arm);
    std::vector<std::string> apart;
    if (!(config.source == base.source)) apart.emplace_back("the corpus");
    if (config.windows.length != base.windows.length || tokens_per_step(config) != tokens_per_step(base))
      apart.emplace_back("the windows");
    const Shared shared = shared_tensors(result.config, arm.arm, baseline);
    if (arm.arm.name != baseline.name && shared.same < shared.all)
      note += fmt::format(" {} of its {} parameter tensors have a name and shape of {}'s and start the same.",
                          shared.same, shared.all, baseline.name);
    if (!apart.empty())
      note += fmt::format(" It does not share {} with {}: these pairs hold less in common.",
                          fmt::join(apart, " and "), baseline.name);
    notes.push_back(std::move(note));
  }
  return notes;
}

}  // namespace ate
