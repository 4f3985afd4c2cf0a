#include "study/best_epoch.h"

#include "catch.h"
#include "helpers/errors.h"
#include "study/trials.h"

using namespace ate;
using namespace ate::testing;

namespace {

Report after(const std::vector<double>& losses) {
  Report report;
  report.document = nlohmann::ordered_json::object();
  add_best_epoch(report, finished(Arm::standard, 0, losses).progress.evaluations);
  return report;
}

}  // namespace

TEST_CASE("a last evaluation that is not the best is told, with both", "[study]") {
  const Report report = after({3, 2.58, 5.65});
  REQUIRE(report.notes.size() == 1);
  CHECK(contains(report.notes[0], "2.5800 nats, after epoch 2"));
  CHECK(contains(report.notes[0], "5.6500, after epoch 3"));
  CHECK(contains(report.notes[0], "export"));
  CHECK(report.document["best_val_loss"] == 2.58);
  CHECK(report.document["best_epochs_completed"] == 2);
}

TEST_CASE("a last evaluation that is the best is no news", "[study]") {
  CHECK(after({3, 2.5, 2.5}).notes.empty());
  CHECK(after({3, 2.5, 2}).document["best_epochs_completed"] == 3);
  CHECK(after({}).document.empty());
}

TEST_CASE("evaluations by steps are named by their step", "[study]") {
  std::vector<Evaluation> evaluations = finished(Arm::standard, 0, {3, 2.5, 2.6}).progress.evaluations;
  for (size_t i = 0; i < evaluations.size(); ++i) evaluations[i].updates = 250 * static_cast<int64_t>(i + 1);
  Report report;
  report.document = nlohmann::ordered_json::object();
  add_best_epoch(report, evaluations);
  CHECK(contains(report.notes.at(0), "after step 500; the last is 2.6000, after step 750"));
  CHECK(report.document["best_steps_completed"] == 500);
  CHECK(!report.document.contains("best"));  // nothing was chosen by
}

TEST_CASE("the loss at the best tune loss is told, wherever the validation loss was lowest", "[study]") {
  std::vector<Evaluation> evaluations = finished(Arm::standard, 0, {3, 2.5, 2.6}).progress.evaluations;
  const double tune[] = {3.1, 2.9, 2.8};
  for (size_t i = 0; i < evaluations.size(); ++i) evaluations[i].tune_loss = tune[i];
  Report report;
  report.document = nlohmann::ordered_json::object();
  add_best_epoch(report, evaluations);
  CHECK(report.document["best_val_loss"] == 2.5);
  CHECK(report.document["best"]["val_loss"] == 2.6);
  CHECK(report.document["best"]["tune_loss"] == 2.8);
  CHECK(report.document["best"]["epochs_completed"] == 3);
  CHECK(!report.document["best"].contains("steps_completed"));
  CHECK(contains(report.notes.at(1), "lowest after epoch 3, 2.8000 nats; the validation loss was 2.6000"));
}
