#include "train/progress.h"

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "catch.h"
#include "helpers/errors.h"
#include "support/json.h"

using namespace ate;
using namespace ate::testing;

namespace {

Progress some_progress() {
  Progress p;
  p.status = TrainingStatus::diverged;
  p.parameters = 25'800;
  p.leak = 0.125;
  p.epoch = 7;
  p.step = 3;
  p.updates = 353;
  p.epoch_loss = 8.1 / 3;  // a number that needs all its digits
  p.train_losses = {3.5, 0.1 + 0.2};
  p.evaluations = {{0, 3.25, 0.01, 1984, {3.0, 3.5}}, {6, 1.0 / 3, 0.02, 1984, {0.1, 0.7}}};
  p.evaluations[1].excess = 0.1 + 0.7;
  p.evaluations[1].bands = {{{1000, 2.5, -0.1 / 3}, {984, 4.25, std::nullopt}, {0, 0, std::nullopt}}};
  p.reason = "the training loss was nan at epoch 8, step 4";
  return p;
}

void check_equal(const Progress& a, const Progress& b) {
  CHECK(a.status == b.status);
  CHECK(a.parameters == b.parameters);
  CHECK(a.leak == b.leak);
  CHECK(a.epoch == b.epoch);
  CHECK(a.step == b.step);
  CHECK(a.updates == b.updates);
  CHECK(a.epoch_loss == b.epoch_loss);
  CHECK(a.train_losses == b.train_losses);
  CHECK(a.reason == b.reason);
  REQUIRE(a.evaluations.size() == b.evaluations.size());
  for (size_t i = 0; i < a.evaluations.size(); ++i) {
    CHECK(a.evaluations[i].epoch == b.evaluations[i].epoch);
    CHECK(a.evaluations[i].loss == b.evaluations[i].loss);
    CHECK(a.evaluations[i].standard_error == b.evaluations[i].standard_error);
    CHECK(a.evaluations[i].targets == b.evaluations[i].targets);
    CHECK(a.evaluations[i].by_position == b.evaluations[i].by_position);
    CHECK(a.evaluations[i].excess == b.evaluations[i].excess);
    for (size_t band = 0; band < 3; ++band) {
      const BandScore& score = a.evaluations[i].bands.at(band);
      CHECK(score.targets == b.evaluations[i].bands.at(band).targets);
      CHECK(score.loss == b.evaluations[i].bands.at(band).loss);
      CHECK(score.excess == b.evaluations[i].bands.at(band).excess);
    }
  }
}

Progress through_text(const Progress& progress) {
  const nlohmann::ordered_json document = nlohmann::ordered_json::parse(to_json(progress).dump());
  return progress_from_json(JsonValue(document, "f"));
}

}  // namespace

TEST_CASE("progress comes back from its text with every digit", "[train]") {
  check_equal(through_text(some_progress()), some_progress());
  for (const TrainingStatus status :
       {TrainingStatus::running, TrainingStatus::finished, TrainingStatus::diverged}) {
    Progress progress;
    progress.status = status;
    check_equal(through_text(progress), progress);
  }
}

TEST_CASE("losses that are no numbers come back as such", "[train]") {
  Progress progress = some_progress();
  progress.epoch_loss = std::numeric_limits<double>::quiet_NaN();
  progress.train_losses = {3.5, std::numeric_limits<double>::quiet_NaN()};
  progress.evaluations[1].loss = std::numeric_limits<double>::infinity();
  progress.evaluations[1].by_position = {std::nan(""), 1.0};
  const Progress back = through_text(progress);
  CHECK(std::isnan(back.epoch_loss));
  CHECK(back.train_losses[0] == 3.5);
  CHECK(std::isnan(back.train_losses[1]));
  CHECK(!std::isfinite(back.evaluations[1].loss));
  CHECK(std::isnan(back.evaluations[1].by_position[0]));
  CHECK(back.evaluations[1].by_position[1] == 1.0);
}

TEST_CASE("a text without a field, or with one of another type, is refused with its place", "[train]") {
  const nlohmann::ordered_json whole = to_json(some_progress());
  for (const auto& [key, value] : whole.items()) {
    nlohmann::ordered_json part = whole;
    part.erase(key);
    CAPTURE(key);
    CHECK(complaint_of<Failure>([&] { progress_from_json(JsonValue(part, "f")); }) ==
          "f: /" + key + ": is missing");
    part[key] = true;
    CHECK(contains(complaint_of<Failure>([&] { progress_from_json(JsonValue(part, "f")); }),
                   "f: /" + key + ": expected "));
  }
}

TEST_CASE("a status that there is not is refused", "[train]") {
  nlohmann::ordered_json document = to_json(some_progress());
  document["status"] = "finishd";
  CHECK(complaint_of<Failure>([&] { progress_from_json(JsonValue(document, "f")); }) ==
        "f: /status: expected running, finished or diverged, got \"finishd\"");
}

TEST_CASE("the last validation losses are the evaluations' in order", "[train]") {
  CHECK(some_progress().validation_losses() == std::vector<double>{3.25, 1.0 / 3});
  CHECK(Progress().validation_losses().empty());
}

TEST_CASE("trials are named by arm and seed, statuses by a word", "[train]") {
  CHECK(TrialId{Arm::bespoke, 3}.text() == "bespoke-s3");
  CHECK(TrialId{Arm::standard, 4294967295}.text() == "standard-s4294967295");
  CHECK(TrialId{Arm::bespoke, 3}.arm_name() == "bespoke");
  CHECK(std::string(status_name(TrainingStatus::running)) == "running");
  CHECK(std::string(status_name(TrainingStatus::finished)) == "finished");
  CHECK(std::string(status_name(TrainingStatus::diverged)) == "diverged");
}
