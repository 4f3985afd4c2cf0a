#include "study/trial_units.h"

#include "catch.h"
#include "helpers/errors.h"
#include "helpers/tiny.h"

using namespace ate;
using namespace ate::testing;

namespace {

Config on_cpu() {
  Config config = tiny_encoder();
  config.device = "cpu";
  return config;
}

const std::vector<TrialId> kTrials = {{Arm::standard, 0}, {Arm::tied, 0},    {Arm::bespoke, 0},
                                      {Arm::standard, 1}, {Arm::bespoke, 1}, {Arm::aa, 0}};

// "standard-s0 bespoke-s0" for a stack, "tied-s0!" for a trial alone; units apart by "|".
std::string text(const std::vector<TrialUnit>& units) {
  std::string out;
  for (const TrialUnit& unit : units) {
    std::string names;
    for (const TrialId& id : unit.trials) names += (names.empty() ? "" : " ") + id.text();
    out += (out.empty() ? "" : " | ") + names + (unit.stacked ? "" : "!");
  }
  return out;
}

}  // namespace

TEST_CASE("trials go into stacks in their order, those that cannot train alone", "[study]") {
  CHECK(text(make_units(on_cpu(), kTrials, 2)) ==
        "tied-s0! | standard-s0 bespoke-s0 | standard-s1 bespoke-s1 | aa-s0");
  CHECK(text(make_units(on_cpu(), kTrials, 100)) ==
        "tied-s0! | standard-s0 bespoke-s0 standard-s1 bespoke-s1 aa-s0");
  CHECK(text(make_units(on_cpu(), kTrials, 1)) ==
        "standard-s0! | tied-s0! | bespoke-s0! | standard-s1! | bespoke-s1! | aa-s0!");
}

TEST_CASE("a stack is as large as was asked for; of its own accord there is none on the CPU", "[study]") {
  CHECK(most_in_stack(on_cpu(), 7, 1000) == 7);
  CHECK(most_in_stack(on_cpu(), 1, 1000) == 1);
  CHECK(most_in_stack(on_cpu(), 0, 1000) == 1);
}

TEST_CASE("a stack is refused where no arm can be stacked", "[study]") {
  Config config = on_cpu();
  config.study.arms = {Arm::tied};
  CHECK_NOTHROW(check_stack(config, 1));
  CHECK(contains(complaint_of<BadInput>([&] { check_stack(config, 4); }), "--stack 4: tied has no weight"));
  config.study.arms = {Arm::tied, Arm::standard};
  CHECK_NOTHROW(check_stack(config, 4));
  config.dtype = Dtype::bf16;
  CHECK(contains(complaint_of<BadInput>([&] { check_stack(config, 4); }), "set kernels to reference"));
  config.kernels = KernelKind::reference;
  CHECK_NOTHROW(check_stack(config, 4));
}
