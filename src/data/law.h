// The true law of the next token as numbers, against which models are scored.
#pragma once

#include <cstdint>
#include <vector>

namespace ate {

// Distributions over the V tokens, a row each. Rows 0 .. dense_rows() - 1 are given whole, the further ones by
// their tokens of positive probability.
struct LawTable {
  int64_t vocabulary = 0;
  std::vector<double> dense;        // [dense_rows(), V]
  std::vector<int64_t> first;       // sparse row i holds the entries first[i] .. first[i + 1] - 1
  std::vector<int32_t> token;       // of each entry, ascending in a row
  std::vector<double> probability;  // of each entry
  std::vector<double> entropy;      // of every row, nats

  int64_t dense_rows() const { return static_cast<int64_t>(dense.size()) / vocabulary; }
  int64_t rows() const { return static_cast<int64_t>(entropy.size()); }

  // p(token) in a row.
  double probability_of(int64_t row, int32_t token) const;
  // Appends a row that is given whole; only before the sparse ones.
  void add_dense(const std::vector<double>& row);
};

// The law of one target given its past: (1 - weight) * a row + weight * the certainty of `token`.
struct NextLaw {
  int64_t row = 0;
  double weight = 0;
  int32_t token = 0;
};

// p(token) under the law.
double probability(const LawTable& table, const NextLaw& law, int32_t token);

// p ln p, a term of an entropy: 0 where p is.
double p_log_p(double p);

// Shannon entropy of the law, in nats.
double entropy_nats(const LawTable& table, const NextLaw& law);

}  // namespace ate
