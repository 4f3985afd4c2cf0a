// What an arm gets from the study before it trains: the kernels that can run it, and its steps where the budget is not
// steps. Both become settings of the arm, so that its trials are named by all that makes their numbers.
#pragma once

#include <functional>
#include <string>

#include "config/config.h"

namespace ate {

// The seed whose corpus a study counts and times its steps on: of the test only where there is no tuning, which must be
// frozen before the test is touched.
int64_t cost_seed(const Config& study);

// Floating-point operations of one training step of the arm (model/flops.h), by the corpus of this seed.
double flops_per_step(const Config& study, const Arm& arm, int64_t seed);

// Equal for arms whose steps take the same time: a hash of all that the time depends on. The shapes of the tensors are in
// it, the rates of the optimiser and the schedule are not.
std::string time_key(const Config& study, const Arm& arm);

class Settler {
 public:
  // `asked`: the study's config on its device, before kernels are chosen. `seconds_per_step` times an arm that has its
  // kernels; it is asked for a budget of seconds alone.
  Settler(const Config& asked, std::function<double(const Arm&)> seconds_per_step);

  // The arm with its settings. Throws BadInput for /study/budget when the budget buys it no step, and where its schedule
  // does not fit its steps.
  Arm settled(Arm arm) const;

 private:
  Arm with_kernels(Arm arm) const;
  double cost_of_step(const Arm& arm) const;  // in the budget's unit; of an arm with its kernels

  Config asked_;
  std::function<double(const Arm&)> seconds_per_step_;
  double budget_ = 0;  // what the baseline spends
};

}  // namespace ate
