#include "study/settle.h"

#include "catch.h"
#include "config/derived.h"
#include "helpers/errors.h"
#include "helpers/tiny.h"

using namespace ate;
using namespace ate::testing;

namespace {

double no_time(const Arm&) { return 1; }

Config study(Budget budget) {
  Config config = tiny_encoder();
  config.device = "cpu";
  config.schedule.epochs = 10;
  config.study.arms = {Arm::standard,
                       Arm("half", {{"windows.batch", std::to_string(config.windows.batch / 2)}}),
                       Arm("wide", {{"body.width", std::to_string(4 * config.body.width)}})};
  config.study.budget = budget;
  return config;
}

int64_t steps_of(const Config& config, const Arm& arm) { return steps_in_all(arm_config(config, arm)); }

}  // namespace

TEST_CASE("equal steps leave every arm as it is", "[study]") {
  const Config config = study(Budget::steps);
  for (const Arm& arm : config.study.arms) CHECK(Settler(config, no_time).settled(arm) == arm);
}

TEST_CASE("equal tokens give half the batch twice the steps", "[study]") {
  const Config config = study(Budget::tokens);
  const Settler settler(config, no_time);
  CHECK(settler.settled(config.study.arms[0]) == Arm::standard);
  const Arm half = settler.settled(config.study.arms[1]);
  CHECK(steps_of(config, half) == 2 * steps_of(config, Arm::standard));
  CHECK(steps_of(config, settler.settled(config.study.arms[2])) == steps_of(config, Arm::standard));
}

TEST_CASE("equal operations buy the most whole steps that fit", "[study]") {
  const Config config = study(Budget::flops);
  const Arm wide = Settler(config, no_time).settled(config.study.arms[2]);
  const double budget =
      flops_per_step(config, Arm::standard, 0) * static_cast<double>(steps_of(config, Arm::standard));
  const double cost = flops_per_step(config, wide, 0);
  const auto steps = static_cast<double>(steps_of(config, wide));
  CHECK(steps < static_cast<double>(steps_of(config, Arm::standard)));
  CHECK(steps * cost <= budget);
  CHECK((steps + 1) * cost > budget);
}

TEST_CASE("equal seconds go by the time of each arm's step", "[study]") {
  const Config config = study(Budget::seconds);
  const Settler settler(config, [](const Arm& arm) { return arm.name == "wide" ? 0.003 : 0.001; });
  CHECK(steps_of(config, settler.settled(config.study.arms[2])) == steps_of(config, Arm::standard) / 3);
  CHECK(settler.settled(config.study.arms[0]) == Arm::standard);
}

TEST_CASE("an arm is timed with the kernels that train it", "[study]") {
  Config config = study(Budget::seconds);
  config.study.arms = {Arm::standard, Arm("bag", {{"body.kind", "\"bag\""}})};
  const Settler settler(config, [&](const Arm& arm) {
    const KernelKind asked = arm_config(config, arm).kernels;
    CHECK(asked == (arm.name == "bag" ? KernelKind::reference : KernelKind::automatic));
    return 1.0;
  });
  for (const Arm& arm : config.study.arms) (void)settler.settled(arm);
}

TEST_CASE("arms whose steps do the same work share one time", "[study]") {
  const Config config = study(Budget::seconds);
  const std::string standard = time_key(config, Arm::standard);
  CHECK(time_key(config, Arm::aa) == standard);
  CHECK(time_key(config, Arm("standard", {{"optimiser.learning_rate", "0.1"},
                                          {"evaluation.part", "\"tune\""}})) == standard);
  CHECK(time_key(config, Arm("drop", {{"body.dropout", "0.3"}})) == standard);
  CHECK(time_key(config, Arm::bespoke) == time_key(config, Arm::random_band));
  for (const Arm& other :
       {Arm::bespoke, Arm::tied, Arm("none", {{"body.dropout", "0.0"}}),
        Arm("clip", {{"optimiser.clip_norm", "0.0"}}), Arm("half", {{"windows.batch", "1"}}),
        Arm("window", {{"attention.kind", "\"window\""}})})
    CHECK(time_key(config, other) != standard);
}

TEST_CASE("a study that tunes counts and times its steps on no seed of the test", "[study]") {
  Config config = study(Budget::flops);
  config.study.seeds = {3, 4};
  CHECK(cost_seed(config) == 3);
  config.study.tune.axes = {{"optimiser.learning_rate", {"0.1", "0.2"}}};
  CHECK(cost_seed(config) == config.study.tune.seeds.front());
}

TEST_CASE("a budget that buys an arm no step is refused", "[study]") {
  const Config config = study(Budget::seconds);
  const Settler settler(config, [](const Arm& arm) { return arm.name == "wide" ? 1.0 : 1e-6; });
  CHECK(contains(complaint_of<BadInput>([&] { settler.settled(config.study.arms[2]); }),
                 "/study/budget: buys wide no step"));
}

TEST_CASE("an arm that the fused kernels cannot train gets the others", "[study]") {
  Config config = study(Budget::steps);
  const Arm arm("bag", {{"body.kind", "\"bag\""}});
  const Arm settled = Settler(config, no_time).settled(arm);
  CHECK(arm_config(config, settled).kernels == KernelKind::reference);
  config.kernels = KernelKind::reference;
  CHECK(Settler(config, no_time).settled(arm) == arm);
}

TEST_CASE("a step of two batches costs two in every budget that counts them", "[study]") {
  Config config = study(Budget::tokens);
  config.study.arms.push_back(Arm("two", {{"optimiser.accumulate", "2"}}));
  for (const Budget budget : {Budget::tokens, Budget::flops}) {
    config.study.budget = budget;
    const Arm two = Settler(config, no_time).settled(config.study.arms.back());
    CHECK(2 * steps_of(config, two) == steps_of(config, Arm::standard));
  }
  CHECK(flops_per_step(config, config.study.arms.back(), 0) == 2 * flops_per_step(config, Arm::standard, 0));
}

TEST_CASE("a warm-up that the steps of a budget do not leave room for is refused", "[study]") {
  Config config = study(Budget::flops);
  config.schedule.warmup_steps = steps_of(config, Arm::standard) - 1;
  const Settler settler(config, no_time);
  CHECK(settler.settled(Arm::standard) == Arm::standard);
  CHECK(contains(complaint_of<BadInput>([&] { settler.settled(config.study.arms[2]); }),
                 "/schedule/warmup_steps: for arm wide a warm-up of"));
}
