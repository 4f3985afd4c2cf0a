#include "train/progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "data/bands.h"
#include "support/json.h"

namespace ate {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::pair<TrainingStatus, const char*> kStatusNames[] = {{TrainingStatus::running, "running"},
                                                                   {TrainingStatus::finished, "finished"},
                                                                   {TrainingStatus::diverged, "diverged"}};

// The library writes NaN as null, which comes back as NaN.
std::vector<double> numbers(const JsonValue& list) {
  std::vector<double> out;
  for (const JsonValue& value : list.items()) out.push_back(value.number_or_nan());
  return out;
}

// An excess that was NaN comes back as none.
Json to_json(const std::optional<double>& value) { return value ? Json(*value) : Json(nullptr); }

Json to_json(const std::array<BandScore, 3>& bands) {
  Json out;
  for (size_t band = 0; band < bands.size(); ++band)
    out[kBandNames.at(band)] = {{"targets", bands.at(band).targets},
                                {"loss", bands.at(band).loss},
                                {"excess", to_json(bands.at(band).excess)}};
  return out;
}

std::array<BandScore, 3> bands_from_json(const JsonValue& document) {
  std::array<BandScore, 3> bands;
  for (size_t band = 0; band < bands.size(); ++band) {
    const JsonValue b = document.at(kBandNames.at(band));
    bands.at(band) = {b.at("targets").whole(), b.at("loss").number_or_nan(), b.at("excess").number_if_any()};
  }
  return bands;
}

Evaluation evaluation_from_json(const JsonValue& e) {
  const std::optional<JsonValue> accuracy = e.find("accuracy");
  return {e.at("epoch").whole(),
          e.at("loss").number_or_nan(),
          e.at("standard_error").number_or_nan(),
          e.at("targets").whole(),
          numbers(e.at("by_position")),
          e.at("excess").number_if_any(),
          bands_from_json(e.at("bands")),
          e.find("updates") ? e.at("updates").whole() : 0,
          e.find("tune_loss") ? std::optional(e.at("tune_loss").number_or_nan()) : std::nullopt,
          accuracy ? accuracy->number_if_any() : std::nullopt};
}

Json to_json(const Evaluation& e) {
  Json out = {{"epoch", e.epoch},
              {"loss", e.loss},
              {"standard_error", e.standard_error},
              {"targets", e.targets},
              {"by_position", e.by_position},
              {"excess", to_json(e.excess)},
              {"bands", to_json(e.bands)}};
  if (e.updates > 0) out["updates"] = e.updates;
  if (e.tune_loss) out["tune_loss"] = *e.tune_loss;
  if (e.accuracy) out["accuracy"] = *e.accuracy;
  return out;
}

TrainingStatus status_from_json(const JsonValue& value) {
  const std::string text = value.text();
  for (const auto& [status, name] : kStatusNames)
    if (text == name) return status;
  value.expected("running, finished or diverged");
}

}  // namespace

const char* status_name(TrainingStatus status) {
  for (const auto& [known, name] : kStatusNames)
    if (known == status) return name;
  return "?";
}

TrainingStatus status_named(const std::string& text) {
  for (const auto& [known, name] : kStatusNames)
    if (text == name) return known;
  return TrainingStatus::running;
}

std::string describe_number(double value) { return std::isnan(value) ? "nan" : fmt::format("{}", value); }

std::string place_of(const Evaluation& evaluation) {
  return evaluation.updates > 0 ? fmt::format("step {}", evaluation.updates)
                                : fmt::format("epoch {}", evaluation.epoch + 1);
}

const Evaluation* best_by_tuning(const std::vector<Evaluation>& evaluations) {
  const Evaluation* best = nullptr;
  for (const Evaluation& e : evaluations)
    if (e.tune_loss && std::isfinite(*e.tune_loss) && (best == nullptr || *e.tune_loss < *best->tune_loss))
      best = &e;
  return best;
}

std::vector<double> Progress::validation_losses() const {
  std::vector<double> losses;
  for (const Evaluation& evaluation : evaluations) losses.push_back(evaluation.loss);
  return losses;
}

Json to_json(const Progress& progress) {
  Json evaluations = Json::array();
  for (const Evaluation& e : progress.evaluations) evaluations.push_back(to_json(e));
  return {{"status", status_name(progress.status)},
          {"parameters", progress.parameters},
          {"flops_per_token", progress.flops_per_token},
          {"leak", progress.leak},
          {"epoch", progress.epoch},
          {"step", progress.step},
          {"updates", progress.updates},
          {"epoch_loss", progress.epoch_loss},
          {"train_losses", progress.train_losses},
          {"evaluations", std::move(evaluations)},
          {"reason", progress.reason}};
}

Progress progress_from_json(const JsonValue& document) {
  Progress progress;
  progress.status = status_from_json(document.at("status"));
  progress.parameters = document.at("parameters").whole();
  progress.flops_per_token = document.at("flops_per_token").number();
  progress.leak = document.at("leak").number();
  progress.epoch = document.at("epoch").whole();
  progress.step = document.at("step").whole();
  progress.updates = document.at("updates").whole();
  progress.epoch_loss = document.at("epoch_loss").number_or_nan();
  progress.train_losses = numbers(document.at("train_losses"));
  for (const JsonValue& e : document.at("evaluations").items())
    progress.evaluations.push_back(evaluation_from_json(e));
  progress.reason = document.at("reason").text();
  return progress;
}

}  // namespace ate
