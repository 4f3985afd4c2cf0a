// A model with its arrays, in float or double.
#pragma once

#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "config/config.h"
#include "helpers/libtorch.h"
#include "model/instance.h"

namespace ate::testing {

class Rig : public Instance {
 public:
  // All parameters 0 until they are set. `rows`: the rows of tokens outside all bands.
  Rig(const Config& settings, EmbeddingPlan tables, at::ScalarType type, at::Tensor rows = {})
      : Instance(settings, std::move(tables), at::TensorOptions(type),
                 rows.defined() ? rows.to(type) : rows) {}
  Rig(const Config& settings, Arm arm, const Bands& bands, at::ScalarType type, const at::Tensor& rows = {})
      : Rig(settings, plan_embedding(settings, arm, bands), type, rows) {}

  // The part of one of the arena's arrays that belongs to a tensor, as a flat view.
  static at::Tensor part(const at::Tensor& flat, const ParameterTensor& tensor) {
    return flat.narrow(0, tensor.offset, tensor.count());
  }
};

// A nested list of whole numbers, of any depth with equal lengths, as an int64 tensor.
inline at::Tensor long_tensor(const nlohmann::ordered_json& rows) {
  std::vector<int64_t> shape;
  for (const auto* level = &rows; level->is_array(); level = &(*level)[0])
    shape.push_back(static_cast<int64_t>(level->size()));
  std::vector<int64_t> values;
  for (const auto& leaf : rows.flatten()) values.push_back(leaf.get<int64_t>());
  return at::tensor(values, at::kLong).view(shape);
}
inline at::Tensor double_tensor(const nlohmann::ordered_json& rows) {
  std::vector<double> values;
  for (const auto& leaf : rows.flatten()) values.push_back(leaf.get<double>());
  return at::tensor(values, at::kDouble);
}

inline double largest_difference(const at::Tensor& a, const at::Tensor& b) {
  return (a.to(at::kDouble).flatten() - b.to(at::kDouble).flatten()).abs().max().item<double>();
}

// Windows of random tokens: [count, T + 1].
inline at::Tensor random_windows(const Config& config, int64_t count, uint32_t seed) {
  at::Tensor windows = at::empty({count, config.windows.length + 1}, at::kLong);
  auto* token = windows.mutable_data_ptr<int64_t>();
  for (int64_t i = 0; i < windows.numel(); ++i)
    token[i] = static_cast<int64_t>(below(word64(random_block({seed, 0}, Purpose::canary, 0, 0, i), 0),
                                          static_cast<uint64_t>(config.source.vocabulary)));
  return windows;
}

// Every token in a band; the order inside a band is not that of the ids.
inline Bands shuffled_bands(const Config& config, bool some_outside = false) {
  Bands bands;
  const int64_t vocabulary = config.source.vocabulary;
  for (int64_t i = 0; i < vocabulary; ++i) {
    const auto token = static_cast<int32_t>((i * 7 + 3) % vocabulary);  // 7 has no factor in common with 20
    const size_t band = some_outside && i % 10 == 9 ? 3 : static_cast<size_t>(i * 3 / vocabulary);
    bands.members.at(band).push_back(token);
    bands.ranked.push_back(token);
    bands.counts.push_back(2 * (vocabulary - i));
  }
  return bands;
}

}  // namespace ate::testing
