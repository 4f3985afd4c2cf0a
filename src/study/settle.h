// What an arm gets from the study before it trains: the kernels that can run it, and its steps where the budget is not
// steps. Both become settings of the arm, so that its trials are named by all that makes their numbers.
#pragma once

#include <functional>

#include "config/config.h"

namespace ate {

// Floating-point operations of one training step of the arm (model/flops.h), by the corpus of this seed.
double flops_per_step(const Config& study, const Arm& arm, int64_t seed);

class Settler {
 public:
  // `asked`: the study's config on its device, before kernels are chosen. `seconds_per_step` times an arm; it is asked for
  // a budget of seconds alone.
  Settler(const Config& asked, std::function<double(const Arm&)> seconds_per_step);

  // The arm with its settings. Throws BadInput for /study/budget when the budget buys it no step, and where its schedule
  // does not fit its steps.
  Arm settled(Arm arm) const;

 private:
  double cost_of_step(const Arm& arm) const;  // in the budget's unit

  Config asked_;
  std::function<double(const Arm&)> seconds_per_step_;
  double budget_ = 0;  // what the baseline spends
};

}  // namespace ate
