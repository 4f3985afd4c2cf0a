#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "config/derived.h"
#include "config/fields.h"
#include "data/corpus.h"
#include "study/result.h"

namespace ate {
namespace {

constexpr double kFloorErrors = 3;  // standard errors below the entropy that count as leakage

using Trials = std::vector<TrialRecord>;

bool finished(const TrialRecord& trial) {
  return trial.progress.status == TrialStatus::finished && !trial.progress.evaluations.empty();
}

const Evaluation& last_evaluation(const TrialRecord& trial) { return trial.progress.evaluations.back(); }

const TrialRecord* find_trial(const Trials& trials, Arm arm, int64_t seed) {
  for (const TrialRecord& trial : trials)
    if (trial.id.arm == arm && trial.id.seed == seed) return &trial;
  return nullptr;
}

std::vector<const TrialRecord*> finished_of(const Trials& trials, Arm arm) {
  std::vector<const TrialRecord*> out;
  for (const TrialRecord& trial : trials)
    if (trial.id.arm == arm && finished(trial)) out.push_back(&trial);
  return out;
}

std::optional<double> published_loss(const Config& config, Arm arm) {
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

ArmResult summarise_arm(const StudyResult& result, Arm arm) {
  ArmResult out;
  out.arm = arm;
  out.published = published_loss(result.config, arm);
  std::vector<double> losses;
  const auto trials = finished_of(result.trials, arm);
  for (const TrialRecord* trial : trials) {
    const Evaluation& evaluation = last_evaluation(*trial);
    const auto n = static_cast<double>(trials.size());
    losses.push_back(evaluation.loss);
    out.mean_standard_error += evaluation.standard_error / n;
    out.targets = evaluation.targets;
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
  if (result.floor && !losses.empty()) out.excess = out.loss.mean - *result.floor;
  return out;
}

Canary causality_canary(const StudyResult& result, Arm arm) {
  double leak = 0;
  for (const TrialRecord& trial : result.trials)
    if (trial.id.arm == arm) leak = std::max(leak, trial.progress.leak);
  Canary canary{std::string("causality ") + enum_name(arm), leak == 0, ""};
  if (result.config.body.kind == BodyKind::bag)
    canary.detail = "the one target stands after the window: the model cannot see it";
  else if (canary.passed)
    canary.detail = "changing a token leaves every earlier logit as it was";
  else
    canary.detail = fmt::format(
        "changing a token moves the logits that predict it, by up to {:.3g}: {} of {} targets stand in the "
        "input",
        leak, result.config.windows.length - 1, result.config.windows.length);
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

bool leaks(const StudyResult& result) {
  return std::any_of(result.canaries.begin(), result.canaries.end(),
                     [](const Canary& c) { return !c.passed; });
}

std::string verdict(const StudyResult& result, const Comparison& c) {
  if (leaks(result)) return "none: a canary failed";
  if (c.difference.n < 2) return fmt::format("none: {} seed has no spread", c.difference.n);
  const bool decided = c.ci95.low > 0 || c.ci95.high < 0;
  const char* word = !decided ? "undecided" : c.difference.mean < 0 ? "better" : "worse";
  return (c.difference.n < kSeedsForVerdict ? "exploratory: " : "") + std::string(word);
}

Comparison compare(const StudyResult& result, const ArmResult& arm, const ArmResult& baseline) {
  Comparison c;
  c.arm = arm.arm;
  c.baseline = baseline.arm;
  std::vector<double> differences;
  for (const TrialRecord* trial : finished_of(result.trials, arm.arm)) {
    const TrialRecord* other = find_trial(result.trials, baseline.arm, trial->id.seed);
    if (other != nullptr && finished(*other))
      differences.push_back(last_evaluation(*trial).loss - last_evaluation(*other).loss);
  }
  c.difference = summarise(differences);
  c.ci95 = t_interval(c.difference, 0.95);
  c.p_t = t_test_p(c.difference);
  c.loss_ratio = arm.loss.mean / baseline.loss.mean;
  c.verdict = verdict(result, c);
  return c;
}

// The seed's script judged the first seed of a bespoke and a standard model.
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

std::string describe_comparison(const Comparison& c) {
  const std::string pair = fmt::format("{} - {}", enum_name(c.arm), enum_name(c.baseline));
  const std::string head = fmt::format("{}: {:+.4f} nats", pair, c.difference.mean);
  if (c.difference.n == 0) return pair + ": no seed finished in both arms.";
  if (c.difference.n == 1)
    return head + " from one seed. Another seed may turn its sign: nothing can be said about the difference.";
  const std::string interval = fmt::format("{} on average over {} seeds, 95 % interval {:+.4f} to {:+.4f}",
                                           head, c.difference.n, c.ci95.low, c.ci95.high);
  if (c.verdict.rfind("none", 0) == 0) return interval + ".";
  const bool decided = c.verdict.find("undecided") == std::string::npos;
  std::string out = interval + (decided ? fmt::format(": {} is {}.", enum_name(c.arm),
                                                      c.difference.mean < 0 ? "better" : "worse")
                                        : ": these seeds cannot tell the two apart.");
  if (c.difference.n < kSeedsForVerdict)
    out += fmt::format(" Exploratory: a verdict takes {} seeds.", kSeedsForVerdict);
  return out;
}

// The seed's printed difference, of one run each, beside the spread of such differences here.
std::optional<std::string> describe_published(const StudyResult& result) {
  const PublishedResultConfig& printed = result.config.published_result;
  for (const Comparison& c : result.comparisons) {
    if (c.arm != Arm::bespoke || c.baseline != Arm::standard || c.difference.n < 2) continue;
    if (!printed.standard_loss || !printed.bespoke_loss) continue;
    return fmt::format(
        "The seed printed {:.4f} for bespoke and {:.4f} for standard, a difference of {:+.4f} from one seed. "
        "Here "
        "the differences of single seeds have a standard deviation of {:.4f}.",
        *printed.bespoke_loss, *printed.standard_loss, *printed.bespoke_loss - *printed.standard_loss,
        c.difference.deviation);
  }
  return std::nullopt;
}

// Why an unmasked loss falls below the entropy, with what these trials show of it.
std::string describe_leak(const StudyResult& result) {
  const auto length = static_cast<double>(result.config.windows.length);
  std::string out = fmt::format(
      "The model reads its own targets: without a mask {:.0f} of {:.0f} stand in the input, so copying "
      "drives "
      "the loss toward H/T = {:.4f}/{:.0f} = {:.3f}. Only the last position's target cannot be seen.",
      length - 1, length, *result.floor, length, *result.floor / length);
  const std::vector<double>& by_position = result.arms[0].by_position;
  if (by_position.size() > 1) {
    const double last = by_position.back();
    const double others = std::accumulate(by_position.begin(), by_position.end() - 1, 0.0) / (length - 1);
    out += fmt::format(" Here the last position has a loss of {:.4f}, the others {:.4f} on average.", last,
                       others);
  }
  return out + " Such losses say nothing about embeddings.";
}

std::vector<std::string> write_notes(const StudyResult& result) {
  std::vector<std::string> notes;
  for (const TrialRecord& trial : result.trials)
    if (trial.progress.status == TrialStatus::diverged)
      notes.push_back(trial.id.text() + " diverged: " + trial.progress.reason +
                      ". It is left out with its pair.");
  for (const Comparison& c : result.comparisons) notes.push_back(describe_comparison(c));
  if (std::optional<std::string> note = describe_published(result)) notes.push_back(*std::move(note));

  const bool causal_leak = std::any_of(result.canaries.begin(), result.canaries.end(), [](const Canary& c) {
    return !c.passed && c.name.rfind("causality", 0) == 0;
  });
  if (causal_leak && result.floor) {
    notes.push_back(describe_leak(result));
  } else if (leaks(result)) {
    notes.emplace_back("A loss lies below what any honest model can reach: no verdict is given.");
  }
  if (!result.arms.empty() && result.arms[0].loss.n > 0) {
    const ArmResult& arm = result.arms[0];
    notes.push_back(
        fmt::format("Each loss is a mean over {} targets: its own sampling error is about {:.4f} nats.",
                    arm.targets, arm.mean_standard_error));
  }
  return notes;
}

}  // namespace

StudyResult assess(const Config& config, const std::string& run_id, std::vector<TrialRecord> trials) {
  StudyResult result;
  result.run_id = run_id;
  result.config = config;
  result.floor = source_entropy(config.source);
  result.trials = std::move(trials);
  for (const Arm arm : config.study.arms) result.arms.push_back(summarise_arm(result, arm));
  for (const ArmResult& arm : result.arms) {
    result.canaries.push_back(causality_canary(result, arm.arm));
    if (result.floor) result.canaries.push_back(floor_canary(result, arm));
  }
  for (size_t i = 1; i < result.arms.size(); ++i)
    result.comparisons.push_back(compare(result, result.arms[i], result.arms[0]));
  result.seed_criteria = judge_by_seed_criteria(result);
  result.notes = write_notes(result);
  return result;
}

}  // namespace ate
