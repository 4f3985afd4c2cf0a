#include "train/excess.h"

#include <cmath>

#include "helpers/libtorch.h"

using namespace ate;

namespace {

const std::vector<Band> kBandOf = {Band::high, Band::mid, Band::mid, Band::low, Band::none};

// A row of each kind over 5 tokens.
LawTable table() {
  LawTable table;
  table.vocabulary = 5;
  table.add_dense({0.5, 0.25, 0.125, 0.0625, 0.0625});
  table.add_dense({0, 0, 0, 0.5, 0.5});
  table.first = {0, 2, 5};
  table.token = {1, 4, 0, 2, 3};
  table.probability = {0.75, 0.25, 0.5, 0.25, 0.25};
  for (int64_t row = 2; row < 4; ++row) {
    double entropy = 0;
    for (int32_t x = 0; x < 5; ++x)
      if (const double p = table.probability_of(row, x); p > 0) entropy -= p * std::log(p);
    table.entropy.push_back(entropy);
  }
  return table;
}

const std::vector<NextLaw> kLaws = {{0}, {2}, {3}, {1}, {0, 0.5, 3}, {2, 1, 4}, {3, 0.25, 1}, {0, 1, 0}};

// The laws as log-probabilities; where p is 0, ln q may be anything.
at::Tensor logs_of(const LawTable& table, const std::vector<NextLaw>& laws, double floor = -40) {
  at::Tensor logs = at::empty({static_cast<int64_t>(laws.size()), table.vocabulary}, at::kDouble);
  for (size_t i = 0; i < laws.size(); ++i)
    for (int32_t x = 0; x < table.vocabulary; ++x) {
      const double p = probability(table, laws[i], x);
      logs.mutable_data_ptr<double>()[static_cast<int64_t>(i) * table.vocabulary + x] =
          p > 0 ? std::log(p) : floor;
    }
  return logs;
}

ExcessSums score(const LawTable& table, const at::Tensor& log_model, const std::vector<NextLaw>& laws) {
  ExcessSums sums;
  ExcessScorer(table, kBandOf, at::Device(at::kCPU)).add(log_model, laws, sums);
  return sums;
}

}  // namespace

TEST_CASE("a model that is the law itself has no excess, overall and in every band", "[train]") {
  const LawTable t = table();
  const ExcessSums sums = score(t, logs_of(t, kLaws), kLaws);
  CHECK(std::abs(sums.mean()) < 1e-15);
  for (size_t band = 0; band < kBandsAndNone; ++band) CHECK(std::abs(sums.excess.at(band)) < 1e-14);
  CHECK(std::abs(sums.mass[0] + sums.mass[1] + sums.mass[2] + sums.mass[3] - 8) < 1e-14);
}

TEST_CASE("a known wrong model has the excess of a hand calculation", "[train]") {
  const LawTable t = table();
  // The uniform model against row 0: ln 5 - H.
  const at::Tensor uniform = at::full({1, 5}, -std::log(5), at::kDouble);
  const ExcessSums one = score(t, uniform, {{0}});
  const double entropy = std::log(2) * (0.5 + 0.25 * 2 + 0.125 * 3 + 2 * 0.0625 * 4);
  CHECK(std::abs(one.mean() - (std::log(5) - entropy)) < 1e-14);
  CHECK(std::abs(one.mean_of(0) - std::log(0.5 * 5)) < 1e-14);
  const double mid = (0.25 * std::log(0.25 * 5) + 0.125 * std::log(0.125 * 5)) / 0.375;
  CHECK(std::abs(one.mean_of(1) - mid) < 1e-14);
  CHECK(std::abs(one.mean_of(2) - std::log(0.0625 * 5)) < 1e-14);  // below 0: it gets more than it is due
  CHECK(one.mass == std::array<double, 4>{0.5, 0.375, 0.0625, 0.0625});
  // A certain answer that the model gives a fifth.
  CHECK(std::abs(score(t, uniform, {{2, 1, 4}}).mean() - std::log(5)) < 1e-14);
}

TEST_CASE("the excess of any model is the sum over tokens, for rows of every kind", "[train]") {
  const LawTable t = table();
  const auto n = static_cast<int64_t>(kLaws.size());
  const at::Tensor log_model = at::arange(n * 5, at::kDouble).remainder(7).view({n, 5}).log_softmax(-1);
  std::array<double, 4> excess{};
  std::array<double, 4> mass{};
  for (size_t i = 0; i < kLaws.size(); ++i)
    for (int32_t x = 0; x < 5; ++x) {
      const double p = probability(t, kLaws[i], x);
      const auto band = static_cast<size_t>(kBandOf[static_cast<size_t>(x)]);
      mass.at(band) += p;
      if (p > 0) excess.at(band) += p * (std::log(p) - log_model[static_cast<int64_t>(i)][x].item<double>());
    }
  const ExcessSums sums = score(t, log_model, kLaws);
  for (size_t band = 0; band < kBandsAndNone; ++band) {
    CHECK(std::abs(sums.excess.at(band) - excess.at(band)) < 1e-13);
    CHECK(std::abs(sums.mass.at(band) - mass.at(band)) < 1e-14);
  }
  CHECK(std::abs(sums.mean() - (excess[0] + excess[1] + excess[2] + excess[3]) / 8) < 1e-14);
  CHECK(score(t, log_model.to(at::kFloat), kLaws).mean() - sums.mean() < 1e-6);
}

TEST_CASE("tables of one kind of row are scored as mixed ones are", "[train]") {
  const LawTable mixed = table();
  LawTable dense;
  dense.vocabulary = 5;
  for (int64_t row = 0; row < 4; ++row) {
    std::vector<double> whole;
    for (int32_t x = 0; x < 5; ++x) whole.push_back(mixed.probability_of(row, x));
    dense.add_dense(whole);
  }
  LawTable sparse;
  sparse.vocabulary = 5;
  sparse.first = {0};
  for (int64_t row = 0; row < 4; ++row) {
    for (int32_t x = 0; x < 5; ++x)
      if (const double p = mixed.probability_of(row, x); p > 0) {
        sparse.token.push_back(x);
        sparse.probability.push_back(p);
      }
    sparse.first.push_back(static_cast<int64_t>(sparse.token.size()));
    sparse.entropy.push_back(dense.entropy[static_cast<size_t>(row)]);
  }
  const at::Tensor log_model = at::arange(40, at::kDouble).remainder(7).view({8, 5}).log_softmax(-1);
  const double expected = score(mixed, log_model, kLaws).mean();
  CHECK(std::abs(score(dense, log_model, kLaws).mean() - expected) < 1e-14);
  CHECK(std::abs(score(sparse, log_model, kLaws).mean() - expected) < 1e-14);
}

TEST_CASE("batches add up", "[train]") {
  const LawTable t = table();
  const at::Tensor log_model = at::arange(40, at::kDouble).remainder(7).view({8, 5}).log_softmax(-1);
  const ExcessScorer scorer(t, kBandOf, at::Device(at::kCPU));
  ExcessSums parts;
  scorer.add(log_model.narrow(0, 0, 3), std::span(kLaws).first(3), parts);
  scorer.add(log_model.narrow(0, 3, 5), std::span(kLaws).subspan(3), parts);
  CHECK(parts.targets == 8);
  CHECK(std::abs(parts.mean() - score(t, log_model, kLaws).mean()) < 1e-15);
}
