// A resumed trial ends in the same bits as one never interrupted: tried at every step of short runs, in the
// middle of epochs as at their ends, for every kind of model and optimiser.
#include "catch.h"
#include "helpers/bodies.h"
#include "helpers/errors.h"
#include "helpers/trials.h"

using namespace ate;
using namespace ate::testing;

namespace {

// Restores at each step in turn and compares the checkpoint there and after every further step.
void check_every_step(const Config& config, Arm arm) {
  Trial uninterrupted = make_trial(config, arm, 1);
  const std::vector<std::string> states = all_states(uninterrupted);
  REQUIRE(states.size() > 3);
  for (size_t k = 0; k < states.size(); ++k) {
    Trial resumed = make_trial(config, arm, 1);
    restore(resumed, states[k]);
    size_t step = k;
    bool equal = resumed.checkpoint() == states[k];
    while (!resumed.ended() && equal) {
      resumed.advance();
      equal = ++step < states.size() && resumed.checkpoint() == states[step];
    }
    CAPTURE(enum_name(arm), k, step);
    CHECK(equal);
    CHECK(step + 1 == states.size());
  }
}

}  // namespace

TEST_CASE("a bag resumed at any step goes on in the same bits", "[train]") {
  check_every_step(tiny_bag(), Arm::standard);
  check_every_step(tiny_bag(), Arm::bespoke);
}

TEST_CASE("an encoder with dropout, clip, decay and cosine resumed at any step goes on in the same bits",
          "[train]") {
  check_every_step(tiny_encoder(), Arm::standard);
  check_every_step(tiny_encoder(), Arm::bespoke);
}

TEST_CASE(
    "every optimiser, schedule and evaluation by steps, with several batches to a step, resumed at any step "
    "goes on "
    "in the same bits",
    "[train]") {
  for (const OptimiserDescription* kind : registered<OptimiserDescription>())
    for (const Decay decay : {Decay::linear, Decay::wsd}) {
      Config config = tiny_encoder();
      config.optimiser.kind = OptimiserKind(*kind);
      config.optimiser.own.set("momentum", 0.9);
      config.optimiser.accumulate = 2;
      config.schedule.decay = decay;
      config.schedule.unit = ScheduleUnit::step;
      config.schedule.warmup_steps = 3;
      config.schedule.minimum_share = 0.1;
      config.evaluation.every_steps = 5;
      config.evaluation.windows = EvaluationWindows::sampled;
      config.evaluation.tune_share = 0.5;
      config.evaluation.best = true;
      CAPTURE(kind->name);
      check_every_step(config, Arm::bespoke);
    }
}

TEST_CASE("every arm resumed at any step goes on in the same bits", "[train]") {
  for (const Arm& arm : all_arms()) check_every_step(config_for_all_arms(), arm);
}

TEST_CASE("a body of today resumed at any step goes on in the same bits", "[train]") {
  for (const BodyCase& body : bodies_of_today()) check_every_step(body.config, Arm::tied);
  check_every_step(llama_encoder(), Arm::bespoke);
}

TEST_CASE("a trial as published resumed at any step goes on in the same bits", "[train]") {
  // Unpaired streams, sampled evaluation, dead rows and noise rows.
  Config config = tiny_encoder();
  config.study.paired = false;
  config.evaluation.windows = EvaluationWindows::sampled;
  config.embedding.tables = Tables::vocabulary;
  config.bands = {BandRule::cumulative_share, 0.5, 0.2, CountedOver::corpus, Unseen::noise};
  config.source.vocabulary = 60;
  check_every_step(config, Arm::bespoke);
}

TEST_CASE("a trial that stops early stops at the same step when resumed", "[train]") {
  Config config = tiny_bag();
  config.schedule.epochs = 20;
  config.schedule.early_stop_evaluations = 3;
  config.schedule.early_stop_gain = 10;
  Trial trial = make_trial(config, Arm::standard, 1);
  const size_t states = all_states(trial).size();
  CHECK(states == 4 * 4 + 1);  // four epochs: three evaluations after the first
  CHECK(trial.progress().status == TrainingStatus::finished);
  CHECK(contains(trial.progress().reason, "stopped early"));
  check_every_step(config, Arm::standard);
}

TEST_CASE("a diverged trial stays diverged when resumed", "[train]") {
  Config config = tiny_bag();
  config.optimiser.learning_rate = 1e30;
  Trial trial = make_trial(config, Arm::standard);
  const std::string state = final_state(trial);
  REQUIRE(trial.progress().status == TrainingStatus::diverged);
  Trial resumed = make_trial(config, Arm::standard);
  restore(resumed, state);
  CHECK(resumed.ended());
  CHECK(resumed.progress().status == TrainingStatus::diverged);
  const bool equal = resumed.checkpoint() == state;
  CHECK(equal);
}
