#include "config/check_schedule.h"

#include "catch.h"
#include "config/resolve.h"
#include "helpers/errors.h"

using namespace ate;
using namespace ate::testing;

namespace {

// What is said of `medium`, 5 epochs of 10 steps, with these settings.
std::string complaint(std::vector<std::string> sets) {
  sets.insert(sets.end(), {"schedule.epochs=5", "windows.batches_per_epoch=10"});
  return complaint_of<BadInput>([&] { (void)resolve({"medium", "", sets, {}}); });
}

}  // namespace

TEST_CASE("a warm-up ends within the run", "[config]") {
  CHECK(complaint({"schedule.warmup_steps=49"}).empty());
  CHECK(contains(
      complaint({"schedule.warmup_steps=50"}),
      "--set schedule.warmup_steps=50: a warm-up of 50 steps does not end in a run of 50: set it below 50"));
  CHECK(complaint({"schedule.warmup_steps=50", "schedule.steps=51"}).empty());
  CHECK(
      contains(complaint({"schedule.warmup_steps=30", "schedule.steps=20"}), "does not end in a run of 20"));
  CHECK(contains(complaint({"schedule.warmup_steps=-1"}), "schedule.warmup_steps"));
  CHECK(contains(complaint({"schedule.early_stop_accuracy=0.9"}),
                 "schedule.early_stop_accuracy=0.9: zipf_iid asks for no answers"));
}

TEST_CASE("a minimum is a share of the rate, and the last part a share of the run", "[config]") {
  CHECK(complaint({"schedule.decay=cosine", "schedule.minimum_share=1"}).empty());
  CHECK(contains(complaint({"schedule.decay=cosine", "schedule.minimum_share=1.1"}), "from 0 to 1"));
  for (const char* share : {"0", "-0.1", "1.01"})
    CHECK(contains(complaint({"schedule.decay=wsd", std::string("schedule.decay_share=") + share}),
                   "decay_share"));
  CHECK(complaint({"schedule.decay=wsd", "schedule.decay_share=1"}).empty());
  CHECK(complaint({"schedule.decay=wsd", "schedule.decay_share=0.8", "schedule.warmup_steps=10"}).empty());
  CHECK(contains(complaint({"schedule.decay=wsd", "schedule.decay_share=0.8", "schedule.warmup_steps=11"}),
                 "the last 0.8 of 50 steps begin within the warm-up of 11: set it to at most 0.78"));
}

TEST_CASE("settings that the decay does not read are refused", "[config]") {
  const std::string constant = "schedule.decay=constant";
  CHECK(complaint({constant, "schedule.warmup_steps=5"}).empty());
  for (const char* setting :
       {"schedule.unit=step", "schedule.minimum_share=0.1", "schedule.decay_share=0.2"}) {
    CAPTURE(setting);
    CHECK(contains(complaint({constant, setting}),
                   "a constant rate does not read it: leave it out or set schedule.decay to"));
  }
  for (const char* decay : {"schedule.decay=cosine", "schedule.decay=linear"}) {
    CHECK(complaint({decay, "schedule.unit=step", "schedule.minimum_share=0.1"}).empty());
    CHECK(contains(complaint({decay, "schedule.decay_share=0.2"}), "set schedule.decay to wsd"));
  }
}

TEST_CASE("an arm's own schedule is checked by its own steps", "[config]") {
  const std::string arms = R"(study.arms=["standard",{"name":"short","set":{"schedule.steps":20}}])";
  CHECK(complaint({arms, "schedule.warmup_steps=19"}).empty());
  CHECK(contains(complaint({arms, "schedule.warmup_steps=20"}), "does not end in a run of 20"));
}

TEST_CASE(
    "a point of a tuning grid at which the warm-up is too long is refused, and a best evaluation is no "
    "matter there",
    "[config]") {
  const std::string warmups = "study.tune.axes={\"schedule.warmup_steps\":[10,";
  CHECK(complaint({warmups + "49]}", "evaluation.best=true"}).empty());
  CHECK(contains(complaint({warmups + "50]}"}),
                 "at 50 arm standard cannot train: schedule.warmup_steps: a warm-up of 50"));
}

TEST_CASE("the best evaluation is chosen on a part of its own", "[config]") {
  CHECK(contains(complaint({"evaluation.best=true"}),
                 "evaluation.best=true: takes a part of the validation data"));
  CHECK(complaint({"evaluation.best=true", "evaluation.tune_share=0.5"}).empty());
  CHECK(contains(complaint({"evaluation.best=true", "evaluation.tune_share=0.5", "evaluation.part=tune"}),
                 "set evaluation.part=test"));
}

TEST_CASE("settings of optimisers are checked", "[config]") {
  const std::string sgd = "optimiser.kind=sgd";
  CHECK(complaint({sgd, "optimiser.momentum=0.9", "optimiser.nesterov=true"}).empty());
  CHECK(contains(complaint({sgd, "optimiser.nesterov=true"}),
                 "optimiser.nesterov=true: looks ahead by a momentum"));
  CHECK(contains(complaint({sgd, "optimiser.momentum=1"}), "optimiser.momentum"));
  CHECK(contains(complaint({"optimiser.kind=adamw", "optimiser.momentum=0.9"}), "only sgd has"));
  CHECK(contains(complaint({"optimiser.accumulate=0"}), "optimiser.accumulate"));
  CHECK(complaint({"optimiser.kind=muon"}).empty());
  CHECK(contains(complaint({"optimiser.kind=muon", "body.kind=bag"}), "which the bag has not"));
  CHECK(contains(complaint({"optimiser.kind=muon", "optimiser.muon_momentum=1"}), "muon_momentum"));
}
