#include "study/trial_units.h"

#include <ATen/DeviceAccelerator.h>
#include <c10/core/Device.h>
#include <fmt/format.h>

#include <algorithm>

#include "config/derived.h"
#include "config/kernels.h"
#include "data/corpus.h"
#include "model/embedding_plan.h"
#include "model/layout.h"
#include "support/error.h"

namespace ate {
namespace {

// Bytes that a trial adds to a stack, roughly and from above: its arrays with the copy that a diverged trial
// goes back to, and what a step keeps between forward and backward.
double bytes_per_trial(const Config& config, int64_t layout_size) {
  const BodyConfig& body = config.body;
  const auto tokens = static_cast<double>(config.windows.batch * config.windows.length);
  const auto d = static_cast<double>(body.width);
  const double per_layer = d * static_cast<double>(20 + 6 * body.feedforward) +
                           6 * static_cast<double>(body.heads * config.windows.length);
  const double layers = body.kind == BodyKind::encoder ? static_cast<double>(body.layers) : 0;
  const double logits = 4 * static_cast<double>(config.source.vocabulary);
  return 4 * (7 * static_cast<double>(layout_size) + tokens * (layers * per_layer + logits + 30 * d));
}

// As many trials as half of the GPU's free memory holds.
int64_t fitting(const Config& config, const std::vector<TrialId>& trials) {
  const at::Device device(config.device);
  const auto free = static_cast<double>(at::accelerator::getMemoryInfo(device.index()).first);
  int64_t largest = 0;
  for (const Arm arm : config.study.arms) {
    const int64_t seed = trials[0].seed;
    const Corpus corpus = make_corpus(config.source, seed);
    largest = std::max(largest, make_layout(config, plan_embedding(config, arm, corpus, seed)).size);
  }
  return std::max<int64_t>(1, static_cast<int64_t>(free / 2 / bytes_per_trial(config, largest)));
}

}  // namespace

void check_stack(const Config& asked, int stack) {
  const std::vector<Arm>& arms = asked.study.arms;
  const auto can = [&](Arm arm) { return why_not_stacked(asked, arm).empty(); };
  if (stack > 1 && std::none_of(arms.begin(), arms.end(), can))
    throw BadInput(fmt::format("--stack {}", stack), why_not_stacked(asked, arms[0]) + ": leave it out");
}

std::vector<TrialUnit> make_units(const Config& asked, const std::vector<TrialId>& trials, int stack) {
  const auto can = [&](const TrialId& id) { return why_not_stacked(asked, id.arm).empty(); };
  const bool any = std::any_of(trials.begin(), trials.end(), can);
  const bool on_gpu = asked.device.rfind("cuda", 0) == 0;
  const int64_t most = stack > 0 ? stack : on_gpu && any ? fitting(asked, trials) : 1;
  std::vector<TrialUnit> units;
  TrialUnit stacked{{}, true};
  for (const TrialId& id : trials) {
    if (most == 1 || !can(id)) {
      units.push_back({{id}, false});
      continue;
    }
    stacked.trials.push_back(id);
    if (static_cast<int64_t>(stacked.trials.size()) == most) {
      units.push_back(std::move(stacked));
      stacked = {{}, true};
    }
  }
  if (!stacked.trials.empty()) units.push_back(std::move(stacked));
  return units;
}

}  // namespace ate
