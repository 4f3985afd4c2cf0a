#include "support/timing.h"

#include "support/clock.h"
#include "support/median.h"

namespace ate {

std::vector<double> median_seconds_in_turns(const std::vector<std::function<void()>>& calls, int rounds,
                                            int warm_up) {
  std::vector<std::vector<double>> seconds(calls.size());
  for (int round = 0; round < warm_up + rounds; ++round)
    for (size_t i = 0; i < calls.size(); ++i) {
      const double start = wall_seconds();
      calls[i]();
      if (round >= warm_up) seconds[i].push_back(wall_seconds() - start);
    }
  std::vector<double> medians;
  for (const std::vector<double>& times : seconds) medians.push_back(median(times));
  return medians;
}

}  // namespace ate
