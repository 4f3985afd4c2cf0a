#include "train/batch_means.h"

#include <random>

#include "catch.h"
#include "data/recall.h"
#include "data/zipf_markov.h"
#include "helpers/sources.h"

using namespace ate;
using namespace ate::testing;

namespace {

BatchMeans means_of(const std::vector<double>& values, int64_t unit = 1) {
  BatchMeans means(static_cast<int64_t>(values.size()), unit);
  for (const double value : values) means.add(value);
  return means;
}

// What counting the values as independent gives.
double independent_error(const std::vector<double>& values) {
  const auto n = static_cast<double>(values.size());
  double sum = 0;
  double squares = 0;
  for (const double value : values) {
    sum += value;
    squares += value * value;
  }
  return std::sqrt((squares / n - sum / n * sum / n) / n);
}

// x' = phi x + e, e uniform from -1/2 to 1/2, from the stationary law on (within 200 steps).
std::vector<double> autoregressive(double phi, size_t n, uint64_t seed) {
  std::mt19937_64 bits(seed);
  double x = 0;
  std::vector<double> values;
  for (size_t i = 0; i < n + 200; ++i) {
    x = phi * x + static_cast<double>(bits() >> 11) / 9007199254740992.0 - 0.5;
    if (i >= 200) values.push_back(x);
  }
  return values;
}

// The root mean square over 40 series of the estimated error, by the true error of the mean: the innovations' variance
// is 1/12, so the variance of the mean of n tends to 1 / (12 (1 - phi)^2 n).
double error_over_truth(double phi) {
  constexpr size_t kValues = 10000;
  constexpr int kSeries = 40;
  double squares = 0;
  for (int series = 0; series < kSeries; ++series) {
    const double error =
        means_of(autoregressive(phi, kValues, static_cast<uint64_t>(series))).standard_error();
    squares += error * error / kSeries;
  }
  return std::sqrt(squares * 12 * kValues) * (1 - phi);
}

// -ln p(target) under the source's own law, in corpus order, in windows of 64 targets.
std::vector<double> losses_of(const Source& source, int64_t seed) {
  constexpr size_t kTargets = 64;
  const std::vector<int64_t> tokens = tokens_of(source.corpus(seed));
  std::vector<double> losses;
  for (size_t at = 0; at + kTargets < tokens.size(); at += kTargets) {
    const std::span<const int64_t> window(tokens.data() + at, kTargets + 1);
    const std::vector<NextLaw> laws = laws_in(source, window);
    for (size_t t = 0; t < laws.size(); ++t)
      losses.push_back(-std::log(probability(*source.laws(), laws[t], static_cast<int32_t>(window[t + 1]))));
  }
  return losses;
}

double mean_of(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

// Errors of the mean of one loss: what the spread of the means of many corpora says, and one long corpus by either
// estimate.
struct Errors {
  double spread = 0;
  double batched = 0;
  double independent = 0;
};

template <class S>
Errors errors_of(SourceConfig config) {
  constexpr int kCorpora = 200;
  config.tokens = 20 * 64 + 1;
  const S brief(config);
  std::vector<double> means;
  for (int seed = 1; seed <= kCorpora; ++seed) means.push_back(mean_of(losses_of(brief, seed)));
  double squares = 0;
  for (const double mean : means) squares += (mean - mean_of(means)) * (mean - mean_of(means));
  Errors errors;
  errors.spread = std::sqrt(squares / (kCorpora - 1) * 20 * 64);

  config.tokens = 1600 * 64 + 1;
  const std::vector<double> losses = losses_of(S(config), 0);
  const double root = std::sqrt(static_cast<double>(losses.size()));
  errors.batched = means_of(losses, 64).standard_error() * root;
  errors.independent = independent_error(losses) * root;
  return errors;
}

}  // namespace

TEST_CASE("the standard error of independent values is that of their mean", "[train]") {
  CHECK(std::abs(error_over_truth(0) - 1) < 0.05);
}

TEST_CASE("values that follow each other have the standard error of their own mean", "[train]") {
  // Counted as independent these would give .33, .58 and 1.73 times the truth. The batches of 100 leave a bias of
  // -2.2 % at .8.
  CHECK(std::abs(error_over_truth(0.8) - 1) < 0.07);
  CHECK(std::abs(error_over_truth(0.5) - 1) < 0.05);
  CHECK(std::abs(error_over_truth(-0.5) - 1) < 0.05);
}

TEST_CASE("batch means by hand: ten batches of ten", "[train]") {
  std::vector<double> values;
  for (int i = 0; i < 100; ++i) values.push_back(i / 10);
  const BatchMeans means = means_of(values);
  CHECK(means.batch_length() == 10);
  CHECK(means.mean() == 4.5);
  // The sum of the squares of -4.5, ..., 4.5 is 82.5: 10 / 9 * 82.5 / 100.
  CHECK(std::abs(means.standard_error() - std::sqrt(10.0 / 9 * 82.5 / 100)) < 1e-14);
  // What fills no batch is in the mean alone.
  for (int i = 0; i < 5; ++i) values.push_back(1000);
  CHECK(std::abs(means_of(values).mean() - 5450.0 / 105) < 1e-12);
  CHECK(std::abs(means_of(values).standard_error() - std::sqrt(10.0 / 9 * 82.5 / 105)) < 1e-14);
}

TEST_CASE("with too few batches values count as independent", "[train]") {
  CHECK(means_of({1, 2, 3, 4}).standard_error() == std::sqrt(1.25 / 4));
  CHECK(means_of({3}).standard_error() == 0);
  std::vector<double> values;
  for (int i = 0; i < 99; ++i) values.push_back(i / 10);  // 11 batches of 9
  CHECK(means_of(values).standard_error() > 2 * independent_error(values));
  // Nine batches of eleven, and 99 targets of eleven in a window.
  CHECK(std::abs(means_of(values, 11).standard_error() - independent_error(values)) < 1e-12);
}

TEST_CASE("batches are whole units, no shorter than the root", "[train]") {
  CHECK(BatchMeans(10000).batch_length() == 100);
  CHECK(BatchMeans(10000, 64).batch_length() == 128);
  CHECK(BatchMeans(1000, 64).batch_length() == 64);
  CHECK(BatchMeans(0).batch_length() == 1);
}

TEST_CASE("losses under the sources' own laws have the error that their means show", "[train]") {
  // The spread over 200 corpora and the 640 or so batches of one are each right within 5 % and 3 %.
  const Errors recall = errors_of<Recall>(source_of(SourceKind::recall, 200, 1.2, 0));
  CHECK(std::abs(std::log(recall.batched / recall.spread)) < 0.15);
  CHECK(recall.independent < 0.9 * recall.batched);
  const Errors markov = errors_of<ZipfMarkov>(source_of(SourceKind::zipf_markov, 200, 1.4, 0));
  CHECK(std::abs(std::log(markov.batched / markov.spread)) < 0.15);
  CHECK(markov.independent > 1.3 * markov.batched);
}
