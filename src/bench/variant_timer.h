// One way of running a training step, with its models, as it takes its turns.
#pragma once

#include <memory>

#include "bench/step_speed.h"

namespace ate {

class VariantTimer {
 public:
  VariantTimer(const StepSpeedOptions& options, const StepVariant& variant);

  // All replicas train for so long, at least a step each, after steps that are not counted.
  void take_turn(double seconds);

  // Where the time of some steps goes, of one model alone. Apart from the turns, which no profile disturbs.
  // Nothing for eager.
  void profile();

  StepTiming take();

 private:
  StepTiming timing_;
  std::vector<std::unique_ptr<StepRunner>> models_;
  std::array<std::vector<double>, kStepParts.size()> part_ms_;  // of each profiled step
};

}  // namespace ate
