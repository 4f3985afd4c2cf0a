#include "data/zipf.h"

#include <cmath>

namespace ate {

void Sum::add(double x) {
  const double next = total_ + x;
  correction_ += std::abs(total_) >= std::abs(x) ? (total_ - next) + x : (x - next) + total_;
  total_ = next;
}

std::vector<double> zipf_probabilities(int64_t vocabulary, double exponent) {
  std::vector<double> p(static_cast<size_t>(vocabulary));
  Sum total;
  for (size_t i = 0; i < p.size(); ++i) {
    p[i] = std::pow(static_cast<double>(i + 1), -exponent);
    total.add(p[i]);
  }
  for (double& x : p) x /= total.value();
  return p;
}

double entropy_nats(std::span<const double> probabilities) {
  Sum entropy;
  for (const double p : probabilities)
    if (p > 0) entropy.add(-p * std::log(p));
  return entropy.value();
}

}  // namespace ate
