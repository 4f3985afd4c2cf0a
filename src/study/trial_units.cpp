#include "study/trial_units.h"

#include <ATen/DeviceAccelerator.h>
#include <c10/core/Device.h>
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "config/kernels.h"
#include "study/memory.h"
#include "support/error.h"

namespace ate {

void check_stack(const Config& asked, int stack) {
  const std::vector<Arm>& arms = asked.study.arms;
  const auto can = [&](Arm arm) { return why_not_stacked(asked, arm).empty(); };
  if (stack > 1 && std::none_of(arms.begin(), arms.end(), can))
    throw BadInput(fmt::format("--stack {}", stack), why_not_stacked(asked, arms[0]) + ": leave it out");
}

int most_in_stack(const Config& asked, int stack, int64_t parameters) {
  const at::Device device(asked.device);
  if (stack > 0 || !device.is_cuda()) return std::max(stack, 1);
  const auto free = static_cast<double>(at::accelerator::getMemoryInfo(device.index()).first);
  return trials_that_fit(std::max(1.0, free / 2), stacked_trial_bytes(asked, parameters),
                         std::numeric_limits<int>::max());
}

bool is_stacked(const Config& asked, const Arm& arm, int most) {
  return most > 1 && why_not_stacked(asked, arm).empty();
}

std::vector<TrialUnit> make_units(const Config& asked, const std::vector<TrialId>& trials, int most) {
  std::vector<TrialUnit> units;
  TrialUnit stacked{{}, true};
  for (const TrialId& id : trials) {
    if (!is_stacked(asked, id.arm, most)) {
      units.push_back({{id}, false});
      continue;
    }
    stacked.trials.push_back(id);
    if (stacked.trials.size() == static_cast<size_t>(most)) {
      units.push_back(std::move(stacked));
      stacked = {{}, true};
    }
  }
  if (!stacked.trials.empty()) units.push_back(std::move(stacked));
  return units;
}

}  // namespace ate
