#include "train/progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "config/fields.h"
#include "data/bands.h"

namespace ate {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::pair<TrainingStatus, const char*> kStatusNames[] = {{TrainingStatus::running, "running"},
                                                                {TrainingStatus::finished, "finished"},
                                                                {TrainingStatus::diverged, "diverged"}};

// JSON has no NaN: the library writes null, which comes back as NaN.
double number_or_nan(const Json& value) {
  return value.is_null() ? std::numeric_limits<double>::quiet_NaN() : value.get<double>();
}

std::vector<double> numbers(const Json& list) {
  std::vector<double> out;
  for (const Json& value : list) out.push_back(number_or_nan(value));
  return out;
}

Json to_json(const std::optional<double>& value) { return value ? Json(*value) : Json(nullptr); }

// null is no value where none was; a value that was NaN comes back as none, too.
std::optional<double> number_if_any(const Json& value) {
  if (value.is_null()) return std::nullopt;
  return value.get<double>();
}

Json to_json(const std::array<BandScore, 3>& bands) {
  Json out;
  for (size_t band = 0; band < bands.size(); ++band)
    out[kBandNames.at(band)] = {{"targets", bands.at(band).targets},
                                {"loss", bands.at(band).loss},
                                {"excess", to_json(bands.at(band).excess)}};
  return out;
}

std::array<BandScore, 3> bands_from_json(const Json& document) {
  std::array<BandScore, 3> bands;
  for (size_t band = 0; band < bands.size(); ++band) {
    const Json& b = document.at(kBandNames.at(band));
    bands.at(band) = {b.at("targets").get<int64_t>(), number_or_nan(b.at("loss")),
                      number_if_any(b.at("excess"))};
  }
  return bands;
}

Evaluation evaluation_from_json(const Json& e) {
  return {e.at("epoch").get<int64_t>(),   number_or_nan(e.at("loss")),  number_or_nan(e.at("standard_error")),
          e.at("targets").get<int64_t>(), numbers(e.at("by_position")), number_if_any(e.at("excess")),
          bands_from_json(e.at("bands"))};
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

std::vector<double> Progress::validation_losses() const {
  std::vector<double> losses;
  for (const Evaluation& evaluation : evaluations) losses.push_back(evaluation.loss);
  return losses;
}

Json to_json(const Progress& progress) {
  Json evaluations = Json::array();
  for (const Evaluation& e : progress.evaluations)
    evaluations.push_back({{"epoch", e.epoch},
                           {"loss", e.loss},
                           {"standard_error", e.standard_error},
                           {"targets", e.targets},
                           {"by_position", e.by_position},
                           {"excess", to_json(e.excess)},
                           {"bands", to_json(e.bands)}});
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

Progress progress_from_json(const Json& document) {
  Progress progress;
  progress.status = status_named(document.at("status").get<std::string>());
  progress.parameters = document.at("parameters").get<int64_t>();
  progress.flops_per_token = document.at("flops_per_token").get<double>();
  progress.leak = document.at("leak").get<double>();
  progress.epoch = document.at("epoch").get<int64_t>();
  progress.step = document.at("step").get<int64_t>();
  progress.updates = document.at("updates").get<int64_t>();
  progress.epoch_loss = number_or_nan(document.at("epoch_loss"));
  progress.train_losses = numbers(document.at("train_losses"));
  for (const Json& e : document.at("evaluations")) progress.evaluations.push_back(evaluation_from_json(e));
  progress.reason = document.at("reason").get<std::string>();
  return progress;
}

}  // namespace ate
