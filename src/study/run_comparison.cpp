#include "study/run_comparison.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "config/enum_names.h"
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

// An arm in both runs.
struct SharedArm {
  Arm left;
  Arm right;
};

Pairs pairs_of(const StudyResult& left, const StudyResult& right, Metric metric, const SharedArm& arm,
               const std::optional<SharedArm>& baseline) {
  const auto other = [&](Arm SharedArm::*side) {
    return baseline ? std::optional((*baseline).*side) : std::nullopt;
  };
  Pairs pairs;
  for (const int64_t seed : left.config.study.seeds) {
    const std::optional<double> l = number_of(left, metric, arm.left, other(&SharedArm::left), seed);
    const std::optional<double> r = number_of(right, metric, arm.right, other(&SharedArm::right), seed);
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

// The arms that both runs have, in left's order: the same ones, then those that share a name.
std::vector<SharedArm> shared_arms(const std::vector<Arm>& left, const std::vector<Arm>& right) {
  std::vector<SharedArm> shared;
  for (const Arm& arm : left) {
    const auto is_same = [&](const Arm& other) { return other == arm; };
    const auto has_name = [&](const Arm& other) {
      return other.name == arm.name && std::find(left.begin(), left.end(), other) == left.end();
    };
    auto found = std::find_if(right.begin(), right.end(), is_same);
    if (found == right.end()) found = std::find_if(right.begin(), right.end(), has_name);
    if (found != right.end()) shared.push_back({arm, *found});
  }
  return shared;
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
  const auto add = [&](std::string name, const SharedArm& arm, const std::optional<SharedArm>& baseline) {
    const Pairs pairs = pairs_of(left.result, right.result, out.metric, arm, baseline);
    if (!pairs.left.empty()) out.differences.push_back(difference_of(std::move(name), pairs, out.margin));
    return !pairs.left.empty();
  };
  const std::vector<Arm>& left_arms = left.result.config.study.arms;
  const std::vector<Arm>& right_arms = right.result.config.study.arms;
  const std::vector<SharedArm> arms = shared_arms(left_arms, right_arms);
  for (const SharedArm& arm : arms)
    if (add(enum_name(arm.left), arm, std::nullopt) && arm.left != arm.right)
      out.arms.push_back({arm.left.name, arm.left.set, arm.right.set});
  if (!arms.empty() && arms.front().left == left_arms.front() && arms.front().right == right_arms.front())
    for (size_t i = 1; i < arms.size(); ++i)
      add(fmt::format("{} - {}", enum_name(arms[i].left), enum_name(arms[0].left)), arms[i], arms[0]);
  if (out.differences.empty())
    throw BadInput(right.name,
                   "no arm has finished from the same seed here and in " + left.name + ": nothing pairs");
  std::vector<PairedTest*> tests;
  for (RunDifference& difference : out.differences) tests.push_back(&difference);
  judge(tests, leaks(left.result) || leaks(right.result));
  return out;
}

}  // namespace ate
