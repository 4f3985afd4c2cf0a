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

TEST_CASE("a budget that buys an arm no step is refused", "[study]") {
  const Config config = study(Budget::seconds);
  const Settler settler(config, [](const Arm& arm) { return arm.name == "wide" ? 1.0 : 1e-6; });
  CHECK(contains(complaint_of<BadInput>([&] { settler.settled(config.study.arms[2]); }),
                 "/study/budget: buys wide no step"));
}

TEST_CASE("an arm that the fused kernels cannot train gets the others", "[study]") {
  Config config = study(Budget::steps);
  const Arm arm("rms", {{"body.normalisation", "\"rms\""}});
  const Arm settled = Settler(config, no_time).settled(arm);
  CHECK(arm_config(config, settled).kernels == KernelKind::reference);
  config.kernels = KernelKind::reference;
  CHECK(Settler(config, no_time).settled(arm) == arm);
}
