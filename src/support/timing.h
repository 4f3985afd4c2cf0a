// Clocks, times as text, and medians: timing calls against each other.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace ate {

// Clocks, in seconds.
double wall_seconds();
// Time that the calling thread, or the whole process, has had a processor: what other programs take is not in it.
double thread_seconds();
double process_seconds();

// "1h05m", "2m03s", "12s"; "?" for a number that is none.
std::string duration(double seconds);

// The middle number, or the mean of the two middle ones; NaN of none.
double median(std::vector<double> values);

// Runs the calls in turns, `warm_up` rounds and then `rounds` that count, so that one state of the machine serves all.
// Returns the median wall-clock of each, seconds.
std::vector<double> median_seconds_in_turns(const std::vector<std::function<void()>>& calls, int rounds,
                                            int warm_up);

}  // namespace ate
