// Mean of values that follow each other, with a standard error that holds although neighbours depend on each
// other. No LibTorch.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace ate {

// The standard error is that of non-overlapping batch means: n values are cut into a = floor(n / b) batches of b
// in a row, and the variance of the mean of n is estimated by
//   b / (a - 1) * sum over batches of (batch mean - mean of the batches)^2 / n.
// It needs batches that are long beside the reach of the dependence, and many of them. b = floor(sqrt(n)) gives
// both and is consistent (Flegal & Jones 2010, "Batch means and spectral variance estimators in Markov chain Monte
// Carlo", Annals of Statistics 38, theorem 1 and section 5; their remainder, the last n - a b values, is in the
// mean alone here too). With a batches the estimate is itself within 1 / sqrt(2 (a - 1)) of right: 8 % at n = 6400.
//
// Under kLeastBatches batches nothing can be said of the dependence; the values then count as independent:
//   variance of the values / n.
class BatchMeans {
 public:
  static constexpr int64_t kLeastBatches = 10;

  // `values`: how many will be added. A batch is a multiple of `unit` values: the targets of a window, where
  // windows are drawn by themselves or the position in the window matters.
  explicit BatchMeans(int64_t values, int64_t unit = 1) {
    const auto root = static_cast<int64_t>(std::sqrt(static_cast<double>(values)));
    length_ = std::max<int64_t>(1, (root + unit - 1) / unit) * unit;
    batches_.reserve(static_cast<size_t>(values / length_));
  }

  void add(double value) {
    sum_ += value;
    squares_ += value * value;
    batch_ += value;
    if (++count_ % length_ != 0) return;
    batches_.push_back(batch_ / static_cast<double>(length_));
    batch_ = 0;
  }

  // Of at least one value.
  double mean() const { return sum_ / static_cast<double>(count_); }
  double standard_error() const {
    const bool batched = static_cast<int64_t>(batches_.size()) >= kLeastBatches;
    const double variance = batched ? batch_variance() : value_variance();
    return std::sqrt(std::max(0.0, variance) / static_cast<double>(count_));
  }

  int64_t batch_length() const { return length_; }

 private:
  double value_variance() const { return squares_ / static_cast<double>(count_) - mean() * mean(); }
  double batch_variance() const {
    const auto n = static_cast<double>(batches_.size());
    double mean = 0;
    for (const double batch : batches_) mean += batch / n;
    double squares = 0;
    for (const double batch : batches_) squares += (batch - mean) * (batch - mean);
    return static_cast<double>(length_) * squares / (n - 1);
  }

  int64_t length_ = 1;
  std::vector<double> batches_;  // the mean of each batch that is full
  double batch_ = 0;             // sum of the batch under way
  double sum_ = 0;
  double squares_ = 0;
  int64_t count_ = 0;
};

}  // namespace ate
