#include "train/excess.h"

#include <ATen/ATen.h>

#include <numeric>

namespace ate {
namespace {

constexpr auto kBands = static_cast<int64_t>(kBandsAndNone);

template <class T>
at::Tensor to_tensor(const std::vector<T>& values, at::ScalarType type, at::Device device) {
  return at::tensor(values).to(device, type);
}

}  // namespace

double ExcessSums::mean() const { return std::accumulate(excess.begin(), excess.end(), 0.0) / targets; }

ExcessScorer::ExcessScorer(const LawTable& table, const std::vector<Band>& band_of, at::Device device)
    : table_(table),
      band_of_(band_of),
      type_(device.is_mps() ? at::kFloat : at::kDouble),
      log_law_(static_cast<size_t>(table.rows())),
      row_mass_(static_cast<size_t>(table.rows())) {
  const auto add_entry = [&](int64_t row, int32_t token, double p) {
    const auto band = static_cast<size_t>(band_of_[static_cast<size_t>(token)]);
    log_law_[static_cast<size_t>(row)].at(band) += p_log_p(p);
    row_mass_[static_cast<size_t>(row)].at(band) += p;
    return band;
  };
  const int64_t dense_rows = table.dense_rows();
  const int64_t vocabulary = table.vocabulary;
  if (dense_rows > 0) {
    std::vector<double> parts(static_cast<size_t>(dense_rows * kBands * vocabulary));
    for (int64_t row = 0; row < dense_rows; ++row)
      for (int64_t x = 0; x < vocabulary; ++x) {
        const double p = table.dense[static_cast<size_t>(row * vocabulary + x)];
        const auto band = static_cast<int64_t>(add_entry(row, static_cast<int32_t>(x), p));
        parts[static_cast<size_t>((row * kBands + band) * vocabulary + x)] = p;
      }
    dense_ = to_tensor(parts, type_, device).view({dense_rows * kBands, vocabulary});
  }
  if (table.first.empty()) return;
  std::vector<int64_t> bands(table.token.size());
  for (size_t row = 0; row + 1 < table.first.size(); ++row)
    for (auto i = static_cast<size_t>(table.first[row]); i < static_cast<size_t>(table.first[row + 1]); ++i)
      bands[i] = static_cast<int64_t>(
          add_entry(dense_rows + static_cast<int64_t>(row), table.token[i], table.probability[i]));
  const at::Tensor bounds = to_tensor(table.first, at::kLong, device);
  first_ = bounds.slice(0, 0, -1);
  length_ = bounds.diff();
  token_ = to_tensor(table.token, at::kLong, device);
  band_ = to_tensor(bands, at::kLong, device);
  probability_ = to_tensor(table.probability, type_, device);
}

at::Tensor ExcessScorer::dense_expected_log(const at::Tensor& log_model, const at::Tensor& rows) const {
  const at::Tensor all =
      at::linear(log_model.to(type_), dense_).view({rows.size(0), table_.dense_rows(), kBands});
  return all.gather(1, rows.view({-1, 1, 1}).expand({-1, 1, kBands})).squeeze(1);
}

at::Tensor ExcessScorer::sparse_expected_log(const at::Tensor& log_model, const at::Tensor& rows) const {
  const at::Tensor lengths = length_.index_select(0, rows);
  const at::Tensor ends = lengths.cumsum(0);
  // Every entry of every target's row, one after another: whose it is, and where it stands in the table.
  const at::Tensor target = at::repeat_interleave(lengths);
  const at::Tensor shift = first_.index_select(0, rows) - (ends - lengths);
  const at::Tensor entry = at::arange(target.size(0), target.options()) + shift.index_select(0, target);
  const at::Tensor place = target * log_model.size(1) + token_.index_select(0, entry);
  const at::Tensor terms =
      log_model.reshape({-1}).index_select(0, place).to(type_) * probability_.index_select(0, entry);
  return at::zeros({rows.size(0) * kBands}, terms.options())
      .index_add(0, target * kBands + band_.index_select(0, entry), terms)
      .view({rows.size(0), kBands});
}

at::Tensor ExcessScorer::expected_log(const at::Tensor& log_model, const at::Tensor& rows) const {
  if (!first_.defined()) return dense_expected_log(log_model, rows);
  if (!dense_.defined()) return sparse_expected_log(log_model, rows);
  const int64_t dense_rows = table_.dense_rows();
  const at::Tensor in_dense = (rows < dense_rows).nonzero().squeeze(1);
  const at::Tensor in_sparse = (rows >= dense_rows).nonzero().squeeze(1);
  at::Tensor out = at::empty({rows.size(0), kBands}, dense_.options());
  out.index_copy_(0, in_dense,
                  dense_expected_log(log_model.index_select(0, in_dense), rows.index_select(0, in_dense)));
  out.index_copy_(0, in_sparse,
                  sparse_expected_log(log_model.index_select(0, in_sparse),
                                      rows.index_select(0, in_sparse) - dense_rows));
  return out;
}

// p = (1 - weight) * row + weight * [token]: the row's sums, scaled, with the one token's term put right.
void ExcessScorer::add_expected_log_law(const NextLaw& law, ExcessSums& sums) const {
  const PerBand& log_law = log_law_[static_cast<size_t>(law.row)];
  const PerBand& mass = row_mass_[static_cast<size_t>(law.row)];
  const double share = 1 - law.weight;
  for (size_t band = 0; band < kBandsAndNone; ++band) {
    sums.excess.at(band) += share * log_law.at(band) + p_log_p(share) * mass.at(band);
    sums.mass.at(band) += share * mass.at(band);
  }
  if (law.weight == 0) return;
  const auto band = static_cast<size_t>(band_of_[static_cast<size_t>(law.token)]);
  const double in_row = share * table_.probability_of(law.row, law.token);
  sums.excess.at(band) += p_log_p(in_row + law.weight) - p_log_p(in_row);
  sums.mass.at(band) += law.weight;
}

void ExcessScorer::add(const at::Tensor& log_model, std::span<const NextLaw> laws, ExcessSums& sums) const {
  const auto n = static_cast<int64_t>(laws.size());
  at::Tensor rows = at::empty({n}, at::kLong);
  at::Tensor tokens = at::empty({n}, at::kLong);
  at::Tensor weights = at::empty({n}, at::kDouble);
  for (size_t i = 0; i < laws.size(); ++i) {
    rows.mutable_data_ptr<int64_t>()[i] = laws[i].row;
    tokens.mutable_data_ptr<int64_t>()[i] = laws[i].token;
    weights.mutable_data_ptr<double>()[i] = laws[i].weight;
    add_expected_log_law(laws[i], sums);
  }
  sums.targets += static_cast<double>(n);
  const at::Device device = log_model.device();
  const at::Tensor of_rows = expected_log(log_model, rows.to(device)).to(at::kCPU, at::kDouble);
  const at::Tensor of_tokens =
      log_model.gather(1, tokens.to(device).unsqueeze(1)).squeeze(1).to(at::kCPU, at::kDouble);
  const at::Tensor expected = ((1 - weights).unsqueeze(1) * of_rows).sum(0);
  for (size_t band = 0; band < kBandsAndNone; ++band)
    sums.excess.at(band) -= expected.const_data_ptr<double>()[band];
  for (size_t i = 0; i < laws.size(); ++i)
    if (laws[i].weight > 0)
      sums.excess.at(static_cast<size_t>(band_of_[static_cast<size_t>(laws[i].token)])) -=
          laws[i].weight * of_tokens.const_data_ptr<double>()[i];
}

}  // namespace ate
