#include "study/control_notes.h"

#include "catch.h"
#include "helpers/errors.h"
#include "study/trials.h"

using namespace ate;
using namespace ate::testing;

namespace {

// Twelve seeds of standard at 4 nats or so, and of each other arm at `offset` from it, with a spread of a hundredth.
StudyResult study(const std::vector<std::pair<Arm, double>>& others, double first_loss = 9.0) {
  Config config = study_config(12);
  config.study.arms = {Arm::standard};
  for (const auto& [arm, offset] : others) config.study.arms.push_back(arm);
  std::vector<TrialRecord> trials;
  for (int seed = 0; seed < 12; ++seed) {
    const double standard = 4 + 0.1 * seed;
    const double noise = 0.01 * (seed % 3 - 1);
    trials.push_back(finished(Arm::standard, seed, {first_loss, standard}));
    for (const auto& [arm, offset] : others)
      trials.push_back(finished(arm, seed, {first_loss, standard + offset + noise}));
  }
  return assess(config, "run", trials);
}

}  // namespace

TEST_CASE("controls that come out as they must leave no note", "[study]") {
  CHECK(describe_controls(study({{Arm::aa, 0}, {Arm::known_worse, 0.5}})).empty());
  CHECK(describe_controls(study({{Arm::bespoke, -0.5}})).empty());
}

TEST_CASE("a control that does not come out as it must is named", "[study]") {
  CHECK(any_note(study({{Arm::aa, 0.3}}), "The control aa, standard from another start, came out different"));
  for (const double offset : {0.0, -0.5})
    CHECK(any_note(study({{Arm::known_worse, offset}}),
                   "The control known_worse, standard at rank 8, did not come out worse"));
}

TEST_CASE("an overlay that has a control's name is no control", "[study]") {
  const Arm own_aa("aa", {{"body.width", "4"}});
  const Arm own_worse("known_worse", {{"body.width", "64"}});
  CHECK(describe_controls(study({{own_aa, 0.3}, {own_worse, -0.5}})).empty());
  // Where the baseline sets the same, they are controls; what tuning gave each is none of their own.
  const auto notes_of = [](const std::vector<ArmSetting>& baseline, const std::vector<ArmSetting>& aa,
                           const char* tuned) {
    Config config = study_config(12);
    if (tuned != nullptr) config.study.tune.axes = {{tuned, {"0.001", "0.01"}}};
    config.study.arms = {Arm("standard", baseline), Arm("aa", aa)};
    std::vector<TrialRecord> trials;
    for (int seed = 0; seed < 12; ++seed)
      for (size_t i = 0; i < 2; ++i)
        trials.push_back(
            finished(config.study.arms[i], seed,
                     {9, 4 + 0.3 * static_cast<double>(i) + 0.01 * (seed % 3) * (i == 0 ? 1 : 2)}));
    return describe_controls(assess(config, "run", trials));
  };
  const ArmSetting width{"body.width", "4"};
  const ArmSetting slow{"optimiser.learning_rate", "0.001"};
  const ArmSetting fast{"optimiser.learning_rate", "0.01"};
  CHECK(notes_of({width}, {width}, nullptr).size() == 1);
  CHECK(notes_of({width}, {}, nullptr).empty());
  CHECK(notes_of({slow}, {fast}, nullptr).empty());
  CHECK(notes_of({slow}, {fast}, "optimiser.learning_rate").size() == 1);
}

TEST_CASE("a control says nothing against another baseline than standard", "[study]") {
  Config config = study_config(12);
  config.study.arms = {Arm::bespoke, Arm::aa, Arm::known_worse};
  std::vector<TrialRecord> trials;
  for (int seed = 0; seed < 12; ++seed) {
    const double noise = 0.01 * (seed % 3 - 1);
    trials.push_back(finished(Arm::bespoke, seed, {9, 4}));
    trials.push_back(finished(Arm::aa, seed, {9, 4.3 + noise}));
    trials.push_back(finished(Arm::known_worse, seed, {9, 3.7 + noise}));
  }
  CHECK(describe_controls(assess(config, "run", trials)).empty());
}

TEST_CASE("bespoke is held against its placebo, seed by seed", "[study]") {
  const auto note = [](double bespoke, double placebo) {
    return describe_controls(study({{Arm::bespoke, bespoke}, {Arm::random_band, placebo}})).at(0);
  };
  // Both have the same noise, so their difference has none.
  CHECK(contains(note(-0.3, -0.1), "bespoke - random_band: -0.2000 nats, 95 % interval -0.2000 to -0.2000"));
  CHECK(contains(note(-0.3, -0.1), "only what lies between the two"));
  CHECK(contains(note(-0.1, -0.3), "is worse than to give it by lot"));
  CHECK(contains(note(-0.2, -0.2), "does not come of giving width by frequency"));
}

TEST_CASE("a baseline that was better earlier overfits", "[study]") {
  const std::optional<std::string> note = describe_overfitting(study({{Arm::bespoke, 0}}, 3.9));
  REQUIRE(note);
  CHECK(contains(*note, "standard had its lowest loss after epoch 1, 3.9000 nats, and ended at 4.5500"));
  CHECK(!describe_overfitting(study({{Arm::bespoke, 0}})));
  // By less than the margin, 1 % of an entropy of 2.7 nats.
  CHECK(!describe_overfitting(study({{Arm::bespoke, 0}}, 4.54)));
}
