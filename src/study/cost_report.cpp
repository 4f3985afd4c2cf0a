#include "study/cost_report.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "config/derived.h"
#include "config/enum_names.h"
#include "study/finished.h"

namespace ate {
namespace {

// Over the finished seeds, each by its evaluation nearest to `steps`.
LossAtCost loss_at(const StudyResult& result, const Arm& arm, int64_t steps) {
  const Config config = arm_config(result.config, arm);
  const LossAtCost none{steps, std::nan("")};
  LossAtCost out = none;
  std::vector<double> values;
  for (const TrialRecord* trial : finished_of(result.trials, arm)) {
    const auto distance = [&](const Evaluation& e) { return std::abs(steps_at(config, e) - steps); };
    const std::vector<Evaluation>& all = trial->progress.evaluations;
    const auto nearest =
        std::min_element(all.begin(), all.end(),
                         [&](const Evaluation& a, const Evaluation& b) { return distance(a) < distance(b); });
    if (nearest == all.end() || 100 * distance(*nearest) > steps ||
        (result.metric == Metric::excess && !nearest->excess))
      return none;
    out.steps = steps_at(config, *nearest);
    values.push_back(primary_number(*nearest, result.metric));
  }
  out.mean = summarise(values).mean;
  return out;
}

}  // namespace

std::vector<ArmCost> costs_of(const StudyResult& result) {
  std::vector<ArmCost> costs;
  int64_t fewest_steps = std::numeric_limits<int64_t>::max();
  double least_flops = std::numeric_limits<double>::infinity();
  for (const ArmResult& arm : result.arms) {
    const Config config = arm_config(result.config, arm.arm);
    ArmCost cost;
    cost.arm = arm.arm.name;
    cost.parameters = arm.parameters;
    cost.steps = steps_in_all(config);
    const auto per_step = static_cast<double>(tokens_per_step(config));
    cost.tokens = static_cast<double>(cost.steps) * per_step;
    cost.flops = cost.tokens * arm.flops_per_token;
    double updates = 0;
    double seconds = 0;
    for (const TrialRecord* trial : finished_of(result.trials, arm.arm)) {
      updates += static_cast<double>(trial->progress.updates);
      seconds += trial->seconds;
    }
    cost.seconds_per_step = seconds / updates;
    if (const auto timed = result.seconds_per_step.find(cost.arm); timed != result.seconds_per_step.end())
      cost.timed_seconds_per_step = timed->second;
    fewest_steps = std::min(fewest_steps, cost.steps);
    if (cost.flops > 0) least_flops = std::min(least_flops, cost.flops);  // known of arms that trained
    costs.push_back(std::move(cost));
  }
  for (size_t i = 0; i < costs.size(); ++i) {
    const double per_step = costs[i].flops / static_cast<double>(costs[i].steps);
    costs[i].at_equal_steps = loss_at(result, result.arms[i].arm, fewest_steps);
    if (per_step > 0)
      costs[i].at_equal_flops =
          loss_at(result, result.arms[i].arm, static_cast<int64_t>(least_flops / per_step + 1e-6));
  }
  return costs;
}

bool tells_costs(const StudyResult& result) {
  return result.config.study.budget != Budget::steps ||
         std::any_of(result.arms.begin(), result.arms.end(),
                     [](const ArmResult& arm) { return !arm.arm.set.empty(); });
}

nlohmann::ordered_json to_json(const ArmCost& cost) {
  const auto at = [](const LossAtCost& loss) {
    return nlohmann::ordered_json{{"steps", loss.steps}, {"mean", number_or_null(loss.mean)}};
  };
  nlohmann::ordered_json out = {{"arm", cost.arm},
                                {"parameters", cost.parameters},
                                {"steps", cost.steps},
                                {"tokens", cost.tokens},
                                {"flops", cost.flops},
                                {"seconds_per_step", number_or_null(cost.seconds_per_step)},
                                {"at_equal_steps", at(cost.at_equal_steps)},
                                {"at_equal_flops", at(cost.at_equal_flops)}};
  if (cost.timed_seconds_per_step) out["timed_seconds_per_step"] = *cost.timed_seconds_per_step;
  return out;
}

Table costs_table(const StudyResult& result) {
  const std::string metric = result.metric == Metric::excess ? "excess" : "loss";
  const bool timed = !result.seconds_per_step.empty();
  Table table{
      "costs",
      fmt::format(
          "Cost of a training, budget: equal {}; {} at the fewest steps and at the least operations of "
          "any arm, where it was evaluated within 1 % of that; ms/step {}",
          enum_name(result.config.study.budget), metric,
          timed ? "as timed for the budget" : "with evaluations and neighbours"),
      {{"arm", "arm"},
       {"steps", "steps"},
       {"tokens", "tokens (M)", 2, 1e6},
       {"flops", "FLOPs (G)", 1, 1e9},
       {"ms_per_step", "ms/step", 2},
       {"at_equal_steps", metric + " at equal steps", 4},
       {"equal_steps", "after steps"},
       {"at_equal_flops", metric + " at equal FLOPs", 4},
       {"equal_flops_steps", "after steps"}},
      {}};
  for (const ArmCost& cost : costs_of(result))
    table.rows.push_back({cost.arm, cost.steps, cost.tokens, cost.flops,
                          number_or_null(1e3 * cost.timed_seconds_per_step.value_or(cost.seconds_per_step)),
                          number_or_null(cost.at_equal_steps.mean), cost.at_equal_steps.steps,
                          number_or_null(cost.at_equal_flops.mean), cost.at_equal_flops.steps});
  return table;
}

}  // namespace ate
