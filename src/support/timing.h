// Timing calls against each other.
#pragma once

#include <functional>
#include <vector>

namespace ate {

// Runs the calls in turns, `warm_up` rounds and then `rounds` that count, so that one state of the machine serves all.
// Returns the median wall-clock of each, seconds.
std::vector<double> median_seconds_in_turns(const std::vector<std::function<void()>>& calls, int rounds,
                                            int warm_up);

}  // namespace ate
