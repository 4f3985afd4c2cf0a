#include "study/time_step.h"

#include <cmath>

#include "study/settle.h"
#include "support/error.h"
#include "support/timing.h"
#include "train/trial.h"

namespace ate {

double time_step(const Config& study, const Arm& arm) {
  constexpr int kBursts = 5;
  constexpr double kBurstSeconds = 0.1;
  const at::Device device(study.device);
  Trial trial(study, {arm, cost_seed(study)}, device);
  // A step ends with its loss on the host, so that on a GPU nothing is left running.
  const auto clock = device.is_cpu() ? thread_seconds : wall_seconds;
  std::vector<double> times;
  for (int burst = -1; burst < kBursts; ++burst) {
    const double start = clock();
    double now = start;
    int steps = 0;
    for (; now - start < kBurstSeconds || steps < 3; now = clock(), ++steps)
      if (!std::isfinite(trial.step()))
        throw Failure("budget", arm.name + ": the loss of a timed step is no number");
    if (burst >= 0) times.push_back((now - start) / steps);  // the first one warms up
  }
  return median(times);
}

}  // namespace ate
