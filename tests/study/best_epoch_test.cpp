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
