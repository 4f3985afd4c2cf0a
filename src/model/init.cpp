#include <cmath>
#include <numbers>

#include "model/layout.h"
#include "support/hash.h"

namespace ate {
namespace {

constexpr double kNormalDeviation = 0.02;

// Box-Muller: two uniform numbers give two normal ones; element i takes one half of block i / 2.
double standard_normal(RandomKey key, uint32_t tensor, uint64_t i) {
  const auto block = random_block(key, Purpose::init, 0, tensor, i / 2);
  const double u = 1.0 - unit_interval(word64(block, 0));  // in (0, 1]
  const double angle = 2 * std::numbers::pi * unit_interval(word64(block, 1));
  return std::sqrt(-2 * std::log(u)) * (i % 2 == 0 ? std::cos(angle) : std::sin(angle));
}

double symmetric_uniform(RandomKey key, uint32_t tensor, uint64_t i) {
  const auto block = random_block(key, Purpose::init, 0, tensor, i / 2);
  return 2 * unit_interval(word64(block, i % 2)) - 1;
}

// `layers`: of the body, which gpt2 asks for.
void initialise_tensor(const ParameterTensor& tensor, Init init, size_t layers, RandomKey key, float* out) {
  const uint32_t id = hash32(tensor.drawn_as.empty() ? tensor.name : tensor.drawn_as);
  const auto count = static_cast<uint64_t>(tensor.count());
  const uint64_t width = tensor.row_ids.empty() ? count : static_cast<uint64_t>(tensor.shape[1]);
  // value(i) of the element's place in the tensor that it is drawn as.
  const auto fill = [&](auto&& value) {
    for (uint64_t i = 0; i < count; ++i) {
      const uint64_t place =
          tensor.row_ids.empty() ? i : static_cast<uint64_t>(tensor.row_ids[i / width]) * width + i % width;
      out[i] = static_cast<float>(value(place));
    }
  };
  const auto fill_normal = [&](double deviation) {
    fill([&](uint64_t i) { return deviation * standard_normal(key, id, i); });
  };
  const auto fill_uniform = [&](double bound) {
    fill([&](uint64_t i) { return bound * symmetric_uniform(key, id, i); });
  };
  const bool framework = init == Init::framework;
  const auto fan_in = static_cast<double>(tensor.fan_in);
  const auto fill_xavier = [&] {
    fill_uniform(std::sqrt(6 / (fan_in + static_cast<double>(tensor.shape[tensor.shape.size() - 2]))));
  };
  switch (tensor.law) {
    case InitLaw::table:
      return fill_normal(framework ? 1.0 : kNormalDeviation);
    case InitLaw::residual_weight:
      if (init == Init::gpt2)
        return fill_normal(kNormalDeviation / std::sqrt(2 * static_cast<double>(layers)));
      [[fallthrough]];
    case InitLaw::linear_weight:
      return framework ? fill_uniform(1 / std::sqrt(fan_in)) : fill_normal(kNormalDeviation);
    case InitLaw::linear_bias:
      return framework ? fill_uniform(1 / std::sqrt(fan_in)) : fill([](uint64_t) { return 0.0; });
    case InitLaw::in_projection:
      return init == Init::gpt2 ? fill_normal(kNormalDeviation) : fill_xavier();
    case InitLaw::xavier_weight:
      return fill_xavier();
    case InitLaw::zeros:
      return fill([](uint64_t) { return 0.0; });
    case InitLaw::ones:
      return fill([](uint64_t) { return 1.0; });
  }
}

}  // namespace

void initialise(const Layout& layout, Init init, RandomKey key, std::vector<float>& parameters) {
  parameters.assign(static_cast<size_t>(layout.size), 0.0F);
  for (const ParameterTensor& tensor : layout.tensors)
    initialise_tensor(tensor, init, layout.weights.layers.size(), key, parameters.data() + tensor.offset);
}

std::vector<float> noise_rows(int64_t rows, int64_t width, Init init, RandomKey key) {
  const ParameterTensor tensor{"embedding.noise", {rows, width}, InitLaw::table};
  std::vector<float> out(static_cast<size_t>(rows * width));
  initialise_tensor(tensor, init, 0, key, out.data());
  return out;
}

}  // namespace ate
