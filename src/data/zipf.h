// The Zipf law over V ranks, exactly.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace ate {

// Neumaier's compensated sum: the small tail of a Zipf law is not lost beside its head.
class Sum {
 public:
  void add(double x);
  double value() const { return total_ + correction_; }

 private:
  double total_ = 0;
  double correction_ = 0;
};

// p(r) = r^-s / sum over k = 1..V of k^-s, for the ranks r = 1..V; element i is rank i + 1. Sums are
// compensated, so the probabilities add to 1 within a few units in the last place.
std::vector<double> zipf_probabilities(int64_t vocabulary, double exponent);

// Shannon entropy -sum p ln p, in nats. For independent draws it is the least loss that any honest model can
// have.
double entropy_nats(std::span<const double> probabilities);
inline double entropy_nats(const std::vector<double>& probabilities) {
  return entropy_nats(std::span(probabilities));
}

}  // namespace ate
