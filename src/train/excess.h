// Exact excess loss: how far a model's distribution is from the source's own, without the sampling noise of the
// targets that happened to be drawn.
#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <span>
#include <vector>

#include "data/bands.h"
#include "data/law.h"

namespace ate {

inline constexpr size_t kBandsAndNone = 4;  // high, mid, low, none

// Sums over targets, by the band of the token x that is predicted.
struct ExcessSums {
  std::array<double, kBandsAndNone> excess{};  // sum over x in the band of p(x) (ln p(x) - ln q(x))
  std::array<double, kBandsAndNone> mass{};    // sum over x in the band of p(x)
  double targets = 0;

  // Mean of KL(p || q) = sum over all x of p(x) (ln p(x) - ln q(x)), nats.
  double mean() const;
  // What a target of this band costs more under q than under p, on average: below 0 where q gives the band more
  // than it is due. Weighed by their mass, the bands' means add up to mean().
  double mean_of(size_t band) const { return excess.at(band) / mass.at(band); }
};

class ExcessScorer {
 public:
  // Keeps the table's rows on the device, and a reference to the table.
  ExcessScorer(const LawTable& table, const std::vector<Band>& band_of, at::Device device);

  // Adds the targets of a batch. log_model: [n, V], the model's log-probabilities ln q; laws: the n targets'
  // laws p.
  void add(const at::Tensor& log_model, std::span<const NextLaw> laws, ExcessSums& sums) const;

 private:
  using PerBand = std::array<double, kBandsAndNone>;

  void add_expected_log_law(const NextLaw& law, ExcessSums& sums) const;
  // Sum over x of each band of p(x) ln q(x), of each target's row: [n, bands].
  at::Tensor expected_log(const at::Tensor& log_model, const at::Tensor& rows) const;
  at::Tensor dense_expected_log(const at::Tensor& log_model, const at::Tensor& rows) const;
  at::Tensor sparse_expected_log(const at::Tensor& log_model, const at::Tensor& rows) const;

  const LawTable& table_;
  const std::vector<Band>& band_of_;
  at::ScalarType type_;            // double, where the device has it
  std::vector<PerBand> log_law_;   // of each row: sum over x of the band of p(x) ln p(x)
  std::vector<PerBand> row_mass_;  // of each row: sum over x of the band of p(x)
  at::Tensor dense_;               // [dense rows * bands, V]: each row's part in each band; undefined without
  at::Tensor first_, length_, token_, band_, probability_;  // of the sparse rows; undefined without
};

}  // namespace ate
