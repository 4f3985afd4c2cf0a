#include <cmath>

#include "config/derived.h"
#include "config/enum_names.h"
#include "config/kernels.h"
#include "config/overlays.h"
#include "data/bands.h"
#include "report/table.h"
#include "study/best_epoch.h"
#include "study/cost_report.h"
#include "study/result.h"
#include "study/tuning_report.h"

namespace ate {
namespace {

using Json = nlohmann::ordered_json;

Json to_json(const std::array<BandResult, 3>& bands) {
  Json out = Json::array();
  for (size_t band = 0; band < bands.size(); ++band)
    out.push_back({{"band", kBandNames.at(band)},
                   {"targets", bands.at(band).targets},
                   {"mean_loss", number_or_null(bands.at(band).loss.mean)},
                   {"mean_excess", number_or_null(bands.at(band).excess)}});
  return out;
}

Json to_json(const std::optional<EpochRange>& epochs) {
  if (!epochs) return {nullptr, nullptr};
  return {epochs->least, epochs->most};
}

// Under "set", where the arm sets something.
Json with_settings(Json out, const Arm& arm) {
  if (!arm.set.empty()) out["set"] = settings_to_json(arm.set);
  return out;
}

Json to_json(const ArmResult& arm, const Config& study) {
  const KernelsUsed kernels = kernels_used(arm_config(study, arm.arm), arm.stacked);
  Json out = {{"arm", enum_name(arm.arm)},
              {"parameters", arm.parameters},
              {"flops_per_token", arm.flops_per_token},
              {"kernels", kernels.name},
              {"kernels_reason", kernels.why},
              {"seeds", arm.loss.n},
              {"epochs", to_json(arm.epochs)},
              {"mean_loss", number_or_null(arm.loss.mean)},
              {"sd_loss", number_or_null(arm.loss.deviation)},
              {"perplexity", number_or_null(std::exp(arm.loss.mean))},
              {"mean_excess", number_or_null(arm.excess)},
              {"ci95_half_width", number_or_null((arm.ci95.high - arm.ci95.low) / 2)},
              {"targets", arm.targets},
              {"standard_error_of_one_loss", number_or_null(arm.mean_standard_error)},
              {"published_loss", number_or_null(arm.published)},
              {"loss_by_position", arm.by_position},
              {"bands", to_json(arm.bands)}};
  if (arm.best)
    out["best"] = {{"mean_loss", number_or_null(arm.best->loss.mean)},
                   {"sd_loss", number_or_null(arm.best->loss.deviation)},
                   {"mean_excess", number_or_null(arm.best->excess)},
                   {"mean_tune_loss", number_or_null(arm.best->tune_loss)},
                   {"mean_steps", arm.best->steps}};
  if (arm.accuracy) out["mean_accuracy"] = *arm.accuracy;
  return with_settings(std::move(out), arm.arm);
}

// Exact where it was measured, else what the sampled loss lies above the floor.
std::optional<double> excess_of(const Progress& p, const std::optional<double>& floor) {
  if (p.evaluations.empty()) return std::nullopt;
  const Evaluation& last = p.evaluations.back();
  if (last.excess) return last.excess;
  return floor ? std::optional(last.loss - *floor) : std::nullopt;
}

Json to_json(const TrialRecord& trial, const std::optional<double>& floor, const Config& study) {
  const Progress& p = trial.progress;
  const double loss = p.evaluations.empty() ? std::nan("") : p.evaluations.back().loss;
  Json out = {{"arm", trial.id.arm_name()},
              {"seed", trial.id.seed},
              {"status", status_name(p.status)},
              {"epochs", p.epoch},
              {"steps", p.updates},
              {"flops", static_cast<double>(p.updates) * p.flops_per_token *
                            static_cast<double>(tokens_per_step(arm_config(study, trial.id.arm)))},
              {"parameters", p.parameters},
              {"val_loss", number_or_null(loss)},
              {"perplexity", number_or_null(std::exp(loss))},
              {"excess", number_or_null(excess_of(p, floor))},
              {"seconds", trial.seconds}};
  if (const Evaluation* const best = best_by_tuning(p.evaluations)) out["best"] = best_to_json(*best);
  if (!p.evaluations.empty() && p.evaluations.back().accuracy)
    out["accuracy"] = *p.evaluations.back().accuracy;
  if (!p.reason.empty()) out["reason"] = p.reason;
  return out;
}

Json to_json(const Comparison& c) {
  Json out = {{"arm", enum_name(c.arm)}, {"baseline", enum_name(c.baseline)}};
  add_numbers(out, c);
  out["loss_ratio"] = number_or_null(c.loss_ratio);
  out["verdict"] = c.verdict;
  return out;
}

Json to_json(const Canary& c) { return {{"name", c.name}, {"passed", c.passed}, {"detail", c.detail}}; }

Json to_json(const SeedCriterion& c) {
  return {{"name", c.name}, {"value", number_or_null(c.value)}, {"threshold", c.threshold}, {"met", c.met}};
}

template <class T, class... Rest>
Json list(const std::vector<T>& items, const Rest&... rest) {
  Json out = Json::array();
  for (const T& item : items) out.push_back(to_json(item, rest...));
  return out;
}

}  // namespace

const char* metric_name(Metric metric) {
  return metric == Metric::excess ? "exact excess loss" : "sampled cross-entropy";
}

void add_numbers(Json& out, const PairedTest& test) {
  out["n"] = test.difference.n;
  out["mean_difference"] = number_or_null(test.difference.mean);
  out["sd_difference"] = number_or_null(test.difference.deviation);
  out["ci95"] = {number_or_null(test.ci95.low), number_or_null(test.ci95.high)};
  out["p_t"] = number_or_null(test.p_t);
  out["p_sign_flip"] = number_or_null(test.p_sign_flip);
  out["p_holm"] = number_or_null(test.p_holm);
  out["p_holm_sign_flip"] = number_or_null(test.p_holm_sign_flip);
  out["p_equivalence"] = number_or_null(test.p_equivalence);
  out["p_holm_equivalence"] = number_or_null(test.p_holm_equivalence);
  out["smallest_detectable"] = number_or_null(test.smallest_detectable);
  out["smallest_detectable_holm"] = number_or_null(test.smallest_detectable_holm);
  const double nan = std::nan("");
  const AnytimeNumbers none{nan, nan, {nan, nan}};
  const AnytimeNumbers& anytime = test.anytime ? *test.anytime : none;
  out["p_anytime"] = number_or_null(anytime.p);
  out["p_holm_anytime"] = number_or_null(anytime.p_holm);
  out["anytime_interval"] = {number_or_null(anytime.interval.low), number_or_null(anytime.interval.high)};
  const Decision& decision = test.decision;
  const bool decided = decision.outcome != Outcome::undecided;
  out["decided_by"] = decided ? Json(decision.by) : Json(nullptr);
  out["p_verdict"] = number_or_null(decision.p);
  out["p_verdict_equivalence"] = number_or_null(decision.p_equivalence);
  out["level"] = decision.by.empty() ? Json(nullptr) : Json(decision.level);
}

Json to_json(const StudyResult& result) {
  Json out = {{"run_id", result.run_id},
              {"preset", result.config.name},
              {"mode", enum_name(result.config.mode)},
              {"floor_nats", number_or_null(result.floor)},
              {"metric", metric_name(result.metric)},
              {"margin_nats", number_or_null(result.margin)},
              {"plan", {{"hash", result.plan.hash}, {"departures", result.plan.departures}}},
              {"arms", list(result.arms, result.config)},
              {"comparisons", list(result.comparisons)},
              {"canaries", list(result.canaries)},
              {"seed_criteria", list(result.seed_criteria)},
              {"notes", result.notes},
              {"trials", list(result.trials, result.floor, result.config)}};
  if (tells_costs(result)) out["costs"] = list(costs_of(result));
  if (result.tuning) out["tuning"] = to_json(*result.tuning, result.margin);
  return out;
}

}  // namespace ate
