#include "study/seed_order.h"

#include <algorithm>

#include "study/anytime.h"
#include "study/finished.h"

namespace ate {
namespace {

bool ended(const StudyResult& result, const TrialIndex& trials, int64_t seed) {
  return std::all_of(result.arms.begin(), result.arms.end(), [&](const ArmResult& arm) {
    const TrialRecord* const trial = trials.find(arm.arm, seed);
    return trial != nullptr && trial->progress.status != TrainingStatus::running;
  });
}

}  // namespace

SeedOrder order_of(const StudyResult& result, const SeedPlan& plan) {
  SeedOrder order{plan.order, {}};
  for (const int64_t seed : result.config.study.seeds)
    if (std::find(order.seeds.begin(), order.seeds.end(), seed) == order.seeds.end())
      order.seeds.push_back(seed);
  const TrialIndex trials(result.trials);
  const auto open = std::find_if(order.seeds.begin(), order.seeds.end(),
                                 [&](int64_t seed) { return !ended(result, trials, seed); });
  order.ended = static_cast<int>(open - order.seeds.begin());
  SeedPlan known = plan;
  if (known.planned == 0) known.planned = static_cast<int>(order.seeds.size());
  order.looks = looks_of(known);
  return order;
}

OrderedDifferences ordered_differences(const StudyResult& result, const SeedOrder& order, const Arm& arm,
                                       const Arm& baseline) {
  const TrialIndex trials(result.trials);
  OrderedDifferences out;
  for (int place = 0; place < order.ended; ++place) {
    const auto difference =
        paired_difference(trials, result.metric, arm, baseline, order.seeds[static_cast<size_t>(place)]);
    if (!difference) continue;
    out.places.push_back(place);
    out.values.push_back(*difference);
  }
  return out;
}

std::vector<AnytimeNumbers> anytime_numbers(const std::vector<OrderedDifferences>& comparisons) {
  std::vector<AnytimeNumbers> out(comparisons.size());
  std::vector<double> p;
  for (size_t i = 0; i < out.size(); ++i) {
    const std::vector<double>& values = comparisons[i].values;
    if (!values.empty()) out[i].p = anytime_tests(values, 0).back().p;
    out[i].interval =
        confidence_sequence(summarise(values), kExtensionLevel / static_cast<double>(out.size()));
    p.push_back(out[i].p);
  }
  p = holm(p);
  for (size_t i = 0; i < out.size(); ++i) out[i].p_holm = p[i];
  return out;
}

}  // namespace ate
