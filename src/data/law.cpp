#include "data/law.h"

#include <algorithm>
#include <cmath>

#include "data/zipf.h"

namespace ate {

double p_log_p(double p) { return p > 0 ? p * std::log(p) : 0; }

double LawTable::probability_of(int64_t row, int32_t which) const {
  if (row < dense_rows()) return dense[static_cast<size_t>(row * vocabulary + which)];
  const auto i = static_cast<size_t>(row - dense_rows());
  const auto begin = token.begin() + first[i];
  const auto end = token.begin() + first[i + 1];
  const auto it = std::lower_bound(begin, end, which);
  return it != end && *it == which ? probability[static_cast<size_t>(it - token.begin())] : 0;
}

void LawTable::add_dense(const std::vector<double>& row) {
  dense.insert(dense.end(), row.begin(), row.end());
  entropy.push_back(entropy_nats(row));
}

double probability(const LawTable& table, const NextLaw& law, int32_t token) {
  return (1 - law.weight) * table.probability_of(law.row, token) + (token == law.token ? law.weight : 0);
}

double entropy_nats(const LawTable& table, const NextLaw& law) {
  const double row_entropy = table.entropy[static_cast<size_t>(law.row)];
  if (law.weight == 0) return row_entropy;
  // Of the row's tokens all but one are scaled by 1 - weight; that one is taken out and added as it is.
  const double in_row = table.probability_of(law.row, law.token);
  const double others = 1 - law.weight;
  const double rest = (1 - in_row) * p_log_p(others) + others * (-row_entropy - p_log_p(in_row));
  return -rest - p_log_p(others * in_row + law.weight);
}

}  // namespace ate
