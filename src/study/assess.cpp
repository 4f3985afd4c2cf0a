#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "config/enum_names.h"
#include "data/corpus.h"
#include "study/compare.h"
#include "study/finished.h"
#include "study/notes.h"
#include "study/original.h"
#include "support/text.h"

namespace ate {
namespace {

constexpr double kFloorErrors = 3;  // standard errors below the entropy that count as leakage

std::optional<double> published_loss(const Config& config, const Arm& arm) {
  if (arm == Arm::standard) return config.published_result.standard_loss;
  if (arm == Arm::bespoke) return config.published_result.bespoke_loss;
  return std::nullopt;
}

std::array<BandResult, 3> summarise_bands(const std::vector<const TrialRecord*>& trials) {
  std::array<BandResult, 3> out;
  for (size_t band = 0; band < out.size(); ++band) {
    std::vector<double> losses;
    std::vector<double> excesses;
    for (const TrialRecord* trial : trials) {
      const BandScore& score = last_evaluation(*trial).bands.at(band);
      out.at(band).targets += score.targets;
      if (score.targets > 0) losses.push_back(score.loss);
      if (score.excess) excesses.push_back(*score.excess);
    }
    out.at(band).loss = summarise(losses);
    if (!excesses.empty()) out.at(band).excess = summarise(excesses).mean;
  }
  return out;
}

std::optional<EpochRange> epochs_of(const std::vector<const TrialRecord*>& trials) {
  if (trials.empty()) return std::nullopt;
  EpochRange range{epochs_trained(*trials[0]), epochs_trained(*trials[0])};
  for (const TrialRecord* trial : trials) {
    range.least = std::min(range.least, epochs_trained(*trial));
    range.most = std::max(range.most, epochs_trained(*trial));
  }
  return range;
}

std::optional<BestLoss> best_of(const Config& config, const std::vector<const TrialRecord*>& trials) {
  BestLoss out;
  std::vector<double> losses;
  std::vector<double> excesses;
  for (const TrialRecord* trial : trials) {
    const Evaluation* const best = best_by_tuning(trial->progress.evaluations);
    if (best == nullptr) return std::nullopt;
    const auto n = static_cast<double>(trials.size());
    losses.push_back(best->loss);
    if (best->excess) excesses.push_back(*best->excess);
    out.tune_loss += *best->tune_loss / n;
    out.steps += static_cast<double>(steps_at(config, *best)) / n;
  }
  if (losses.empty()) return std::nullopt;
  out.loss = summarise(losses);
  if (excesses.size() == losses.size()) out.excess = summarise(excesses).mean;
  return out;
}

ArmResult summarise_arm(const StudyResult& result, const Arm& arm) {
  ArmResult out;
  out.arm = arm;
  out.published = published_loss(result.config, arm);
  std::vector<double> losses;
  std::vector<double> primaries;
  const auto trials = finished_of(result.trials, arm);
  for (const TrialRecord* trial : trials) {
    const Evaluation& evaluation = last_evaluation(*trial);
    const auto n = static_cast<double>(trials.size());
    losses.push_back(evaluation.loss);
    primaries.push_back(primary_number(evaluation, result.metric));
    out.mean_standard_error += evaluation.standard_error / n;
    out.targets = evaluation.targets;
    if (evaluation.accuracy) out.accuracy = out.accuracy.value_or(0) + *evaluation.accuracy / n;
    out.by_position.resize(evaluation.by_position.size());
    for (size_t i = 0; i < out.by_position.size(); ++i) out.by_position[i] += evaluation.by_position[i] / n;
  }
  for (const TrialRecord& trial : result.trials)
    if (trial.id.arm == arm && out.parameters == 0) {
      out.parameters = trial.progress.parameters;
      out.flops_per_token = trial.progress.flops_per_token;
    }
  out.loss = summarise(losses);
  out.bands = summarise_bands(trials);
  out.epochs = epochs_of(trials);
  out.best = best_of(arm_config(result.config, arm), trials);
  const Summary primary = summarise(primaries);
  out.ci95 = t_interval(primary, 0.95);
  if (losses.empty()) return out;
  if (result.metric == Metric::excess) out.excess = primary.mean;
  if (result.metric == Metric::loss && result.floor) out.excess = out.loss.mean - *result.floor;
  return out;
}

Canary causality_canary(const StudyResult& result, const Arm& arm) {
  double leak = 0;
  for (const TrialRecord& trial : result.trials)
    if (trial.id.arm == arm) leak = std::max(leak, trial.progress.leak);
  Canary canary{std::string("causality ") + enum_name(arm), leak == 0, ""};
  const Config config = arm_config(result.config, arm);
  if (config.body.kind == BodyKind::bag)
    canary.detail = "the one target comes after the window: the model cannot see it";
  else if (canary.passed)
    canary.detail = "changing a token leaves every earlier logit as it was";
  else
    canary.detail = fmt::format(
        "changing a token moves the logits that predict it, by up to {:.3g}: {} of {} in the input", leak,
        config.windows.length - 1, counted(config.windows.length, "target is", "targets are"));
  return canary;
}

// One test per arm, on the mean over its seeds: one per loss would raise a false alarm in every tenth honest
// study.
Canary floor_canary(const StudyResult& result, const ArmResult& arm) {
  Canary canary{std::string("floor ") + enum_name(arm.arm), true, "no seed has finished"};
  if (arm.loss.n == 0) return canary;
  const double error = arm.mean_standard_error / std::sqrt(arm.loss.n);
  const double distance = (arm.loss.mean - *result.floor) / error;
  canary.passed = !(distance < -kFloorErrors);
  canary.detail = fmt::format("the mean loss is {:.1f} standard errors {} the entropy {:.4f}{}",
                              std::abs(distance), distance < 0 ? "below" : "above", *result.floor,
                              canary.passed ? "" : ": no honest model gets there");
  return canary;
}

// The original script judged the first seed of a bespoke and a standard model.
std::vector<SeedCriterion> judge_by_seed_criteria(const StudyResult& result) {
  const SeedCriteriaConfig& criteria = result.config.seed_criteria;
  std::vector<SeedCriterion> out;
  for (const int64_t seed : result.config.study.seeds) {
    const TrialRecord* standard = find_trial(result.trials, Arm::standard, seed);
    const TrialRecord* bespoke = find_trial(result.trials, Arm::bespoke, seed);
    if (standard == nullptr || bespoke == nullptr || !finished(*standard) || !finished(*bespoke)) continue;
    const std::vector<double> losses[] = {standard->progress.validation_losses(),
                                          bespoke->progress.validation_losses()};
    if (criteria.loss_ratio_below) {
      const double ratio = losses[1].back() / losses[0].back();
      out.push_back({"loss_ratio", ratio, *criteria.loss_ratio_below, ratio < *criteria.loss_ratio_below});
    }
    if (criteria.parameter_ratio_below) {
      const double ratio = static_cast<double>(bespoke->progress.parameters) /
                           static_cast<double>(standard->progress.parameters);
      out.push_back({"parameter_ratio", ratio, *criteria.parameter_ratio_below,
                     ratio < *criteria.parameter_ratio_below});
    }
    if (criteria.both_improve) {
      const double worst =
          std::max(losses[0].back() - losses[0].front(), losses[1].back() - losses[1].front());
      out.push_back({"both_improve", worst, 0, worst < 0});
    }
    if (criteria.evaluations_at_least) {
      const auto fewest = static_cast<double>(std::min(losses[0].size(), losses[1].size()));
      const auto needed = static_cast<double>(*criteria.evaluations_at_least);
      out.push_back({"evaluations", fewest, needed, fewest >= needed});
    }
    if (criteria.settled_within) {
      double widest = std::nan("");  // under five evaluations there is no such change, and it is not met
      if (losses[0].size() >= 5 && losses[1].size() >= 5)
        widest = std::max(std::abs(losses[0].back() - losses[0].end()[-5]),
                          std::abs(losses[1].back() - losses[1].end()[-5]));
      out.push_back({"settled", widest, *criteria.settled_within, widest < *criteria.settled_within});
    }
    break;
  }
  return out;
}

// A comparison says nothing where one of the two arms is not at its own best.
void withhold_untuned(StudyResult& result) {
  if (!result.tuning) return;
  const auto untuned = [&](const Arm& arm) {
    return std::any_of(result.tuning->arms.begin(), result.tuning->arms.end(), [&](const TunedArm& tuned) {
      return tuned.arm.name == arm.name && !tuned.untuned.empty();
    });
  };
  for (Comparison& c : result.comparisons)
    for (const Arm* arm : {&c.baseline, &c.arm})
      if (untuned(*arm)) c.verdict = "none: " + arm->name + " is untuned";
}

}  // namespace

StudyResult assess(const Config& config, const std::string& run_id, std::vector<TrialRecord> trials,
                   Beforehand beforehand) {
  StudyResult result;
  result.run_id = run_id;
  result.config = config;
  if (!is_originals_source(config)) {  // its criteria and numbers say nothing of another corpus
    result.config.seed_criteria = {};
    result.config.published_result = {};
  }
  result.floor = source_entropy(config.source);
  result.trials = std::move(trials);
  result.metric = metric_of(result.trials);
  for (const Arm& arm : config.study.arms) result.arms.push_back(summarise_arm(result, arm));
  for (const ArmResult& arm : result.arms) {
    result.canaries.push_back(causality_canary(result, arm.arm));
    if (result.floor) result.canaries.push_back(floor_canary(result, arm));
  }
  result.margin = margin_nats(result, config.study.margin);
  result.tuning = std::move(beforehand.tuning);
  result.seconds_per_step = std::move(beforehand.seconds_per_step);
  result.comparisons = compare_arms(result, beforehand.seeds);
  withhold_untuned(result);
  result.seed_criteria = judge_by_seed_criteria(result);
  result.notes = write_notes(result);
  return result;
}

}  // namespace ate
