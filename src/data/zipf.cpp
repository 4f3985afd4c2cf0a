#include "data/zipf.h"

#include <cmath>

namespace ate {
namespace {

// Neumaier's compensated sum: the small tail of a Zipf law is not lost beside its head.
class Sum {
 public:
  void add(double x) {
    const double next = total_ + x;
    correction_ += std::abs(total_) >= std::abs(x) ? (total_ - next) + x : (x - next) + total_;
    total_ = next;
  }
  double value() const { return total_ + correction_; }

 private:
  double total_ = 0;
  double correction_ = 0;
};

}  // namespace

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

double entropy_nats(const std::vector<double>& probabilities) {
  Sum entropy;
  for (const double p : probabilities)
    if (p > 0) entropy.add(-p * std::log(p));
  return entropy.value();
}

}  // namespace ate
