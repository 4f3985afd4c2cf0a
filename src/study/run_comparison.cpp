#include "study/run_comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "config/fields.h"
#include "study/compare.h"
#include "study/finished.h"
#include "support/error.h"

namespace ate {
namespace {

// The primary number of an arm at each seed that finished in both runs, or of an arm less the baseline.
struct Pairs {
  std::vector<double> left;
  std::vector<double> right;
};

std::optional<double> number_of(const StudyResult& result, Metric metric, const Arm& arm, int64_t seed) {
  const TrialRecord* const trial = find_trial(result.trials, arm, seed);
  if (trial == nullptr || !finished(*trial)) return std::nullopt;
  return primary_number(last_evaluation(*trial), metric);
}

std::optional<double> number_of(const StudyResult& result, Metric metric, const Arm& arm,
                                const std::optional<Arm>& baseline, int64_t seed) {
  const std::optional<double> own = number_of(result, metric, arm, seed);
  if (!baseline) return own;
  const std::optional<double> other = number_of(result, metric, *baseline, seed);
  return own && other ? std::optional(*own - *other) : std::nullopt;
}

Pairs pairs_of(const StudyResult& left, const StudyResult& right, Metric metric, const Arm& arm,
               const std::optional<Arm>& baseline) {
  Pairs pairs;
  for (const int64_t seed : left.config.study.seeds) {
    const std::optional<double> l = number_of(left, metric, arm, baseline, seed);
    const std::optional<double> r = number_of(right, metric, arm, baseline, seed);
    if (!l || !r) continue;
    pairs.left.push_back(*l);
    pairs.right.push_back(*r);
  }
  return pairs;
}

RunDifference difference_of(std::string name, const Pairs& pairs, double margin) {
  std::vector<double> differences(pairs.left.size());
  std::transform(pairs.right.begin(), pairs.right.end(), pairs.left.begin(), differences.begin(),
                 std::minus<>());
  RunDifference out{test_differences(differences, margin)};
  out.name = std::move(name);
  out.left = summarise(pairs.left).mean;
  out.right = summarise(pairs.right).mean;
  return out;
}

bool has(const Config& config, const Arm& arm) {
  return std::find(config.study.arms.begin(), config.study.arms.end(), arm) != config.study.arms.end();
}

nlohmann::ordered_json source_of(const StoredRun& run) {
  nlohmann::ordered_json source = run.config.at("source");
  source["file"] = nullptr;
  return source;
}

}  // namespace

RunComparison compare_runs(const StoredRun& left, const StoredRun& right, double margin) {
  if (source_of(left) != source_of(right))
    throw BadInput(right.name,
                   "is of another corpus than " + left.name + ": their losses cannot be compared");
  RunComparison out;
  std::vector<TrialRecord> all = left.result.trials;
  all.insert(all.end(), right.result.trials.begin(), right.result.trials.end());
  out.metric = metric_of(all);
  out.margin = margin_nats(left.result, margin);
  if (std::isnan(out.margin)) out.margin = margin_nats(right.result, margin);
  const auto add = [&](std::string name, const Arm& arm, const std::optional<Arm>& baseline) {
    const Pairs pairs = pairs_of(left.result, right.result, out.metric, arm, baseline);
    if (!pairs.left.empty()) out.differences.push_back(difference_of(std::move(name), pairs, out.margin));
  };
  const std::vector<Arm>& arms = left.result.config.study.arms;
  for (const Arm& arm : arms)
    if (has(right.result.config, arm)) add(enum_name(arm), arm, std::nullopt);
  if (right.result.config.study.arms.front() == arms.front())
    for (const Arm& arm : arms)
      if (arm != arms.front() && has(right.result.config, arm))
        add(fmt::format("{} - {}", enum_name(arm), enum_name(arms.front())), arm, arms.front());
  if (out.differences.empty())
    throw BadInput(right.name,
                   "no arm has finished from the same seed here and in " + left.name + ": nothing pairs");
  std::vector<PairedTest*> tests;
  for (RunDifference& difference : out.differences) tests.push_back(&difference);
  judge(tests, leaks(left.result) || leaks(right.result));
  return out;
}

}  // namespace ate
